"""The project's addresses with this trade among them: the one line that it takes, in a test."""

from __future__ import annotations

from holdfast.project.api import api_of
from holdfast.project.surfaces import SURFACES
from holdfast.project.urls import addresses

from .surface import BARBER

WITH_THE_BARBER = (*SURFACES, BARBER)
urlpatterns = addresses(api_of(WITH_THE_BARBER, namespace="with_the_barber"), WITH_THE_BARBER)
