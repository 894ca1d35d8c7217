from django.urls import path

from reviews.views import account, checklist, findings, fleet, gate, repositories, scans, search, sites, status, teams

_REPOSITORY = "repositories/<slug:team>/<slug:repository>/"

urlpatterns = [
    path("", fleet.index, name="fleet"),
    path("findings/", findings.index, name="findings"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("scans/", scans.index, name="scans"),
    path("scans/<int:pk>/", scans.scan, name="scan"),
    path("scans/<int:pk>/progress/", scans.progress, name="scan-progress"),
    path("checklist/", checklist.index, name="checklist"),
    path("rules/<slug:rule>/", checklist.rule, name="rule"),
    path("register/", repositories.register, name="register"),
    path(_REPOSITORY, repositories.scorecard, name="repository"),
    path(_REPOSITORY + "findings/", findings.of_repository, name="repository-findings"),
    path(_REPOSITORY + "sites/<slug:rule>/", sites.index, name="sites"),
    path(_REPOSITORY + "scans/", scans.of_repository, name="repository-scans"),
    path(_REPOSITORY + "scans/request/", scans.request_scan, name="request-scan"),
    path(_REPOSITORY + "gate/", gate.index, name="repository-gate"),
    path(_REPOSITORY + "settings/", repositories.settings, name="repository-settings"),
    path(_REPOSITORY + "remove/", repositories.remove, name="remove-repository"),
    path("teams/new/", teams.create, name="create-team"),
    path("teams/<slug:team>/", teams.team, name="team"),
    path("teams/<slug:team>/members/", teams.members, name="members"),
    path("teams/<slug:team>/members/<int:pk>/role/", teams.change_role, name="change-role"),
    path("teams/<slug:team>/members/<int:pk>/remove/", teams.remove_member, name="remove-member"),
    path("search/", search.index, name="search"),
    path("status/", status.index, name="status"),
    path("account/", account.index, name="account"),
]
