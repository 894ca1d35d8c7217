from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as of_the_site


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    """Nothing, behind the same middleware."""
    return HttpResponse(status=202)


urlpatterns = [path("empty/", empty), *of_the_site]
