from hypothesis import settings

# A busy machine is no failure.
settings.register_profile("reviews", deadline=None)
settings.load_profile("reviews")
