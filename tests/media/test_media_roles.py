"""Whom a picture shows: only where its description says so."""

from __future__ import annotations

import msgspec
import pytest
from picture_samples import embedded, linked, with_pictures

from capgateway import cap, cards
from capgateway.cards import pictures
from capgateway.cards.pictures import Picture, alt, host_of, is_listed, is_of_the_only, photo
from capgateway.cards.roles import Role, role_of
from capgateway.clock import utc_now
from capgateway.simulate import story

SAYS = {
    "child": [
        "Photo of missing child", "CHILD", "Ada Testchild, missing girl", "Missing Child Photo - Ada Testchild, age 7",
        "AMBER Alert - Child photo", "Photo de l’enfant", "Photo d'Ada Testchild, enfant disparue", "Fotografía de la niña",
        "child_photo.jpg", "Photo of the abducted boy", "Photo de la fillette", "Foto del menor",
    ],
    "person": ["Victim", "Photo of the missing person", "Foto de la víctima", "Personne disparue"],
    "suspect": ["Photo of suspect", "Suspect: John Doe", "Photo du ravisseur", "Foto de la sospechosa"],
    "vehicle": [
        "Vehicle", "Suspect vehicle", "the suspect's car", "white van photo", "Suspect van", "Véhicule du suspect", "véhicule suspect", "Vehículo del sospechoso",
    ],
    "other": [
        "", "Poster", "image", "AMBER Alert photo", "Child Abduction Emergency", "Emergencia de secuestro de menor", "Ada Testchild",
        "Mother of child", "Father with child", "babysitter of the child", "child's bicycle", "Photo of the child's bedroom",
        "Suspect and vehicle", "Child and suspect", "Suspect with child", "Photo of a vehicle similar to the suspect's", "stock photo of car",
        "Possible suspect", "Père de l'enfant", "vélo de l'enfant", "Madre de la niña", "mochila del menor", "car seat", "Map of the area",
        "Photo of the children", "Child and dog", "Girl & boy", "the other child", "Les enfants", "Niña y niño", "Ada van Testchild",
        "Not the suspect", "Unknown vehicle", "Kidney", "Carpet", "Vanessa", "Chat",
    ],
}  # fmt: skip


@pytest.mark.parametrize("role", SAYS)
def test_a_role_is_set_only_where_it_is_said(role: str) -> None:
    """In English, French and Spanish; what may mean somebody or something else is ``other``."""
    assert {text: role_of([text]) for text in SAYS[role]} == dict.fromkeys(SAYS[role], role)


def test_languages_must_agree() -> None:
    """Two descriptions of one picture that say the same give a role; otherwise there is none."""
    assert role_of(["Missing child", "Enfant disparu"]) == "child"
    assert role_of(["Missing child", "Sospechoso"]) == role_of(["Missing child", "Affiche"]) == role_of([]) == "other"


def test_words_for_those_who_do_not_see() -> None:
    """In each language of the card that is known, else in English; a name only for the person who is sought."""
    assert alt("vehicle", ["en-US", "es-US", "zh-TW"]) == {
        "en-US": "Photo of the vehicle",
        "es-US": "Foto del vehículo",
    }
    assert alt("other", ["zh-TW"]) == {"en-US": "Picture from the alert"}
    assert alt("child", ["fr-CA"], name="Ada Testchild") == {"fr-CA": "Photo : Ada Testchild"}
    assert alt("suspect", ["en-CA"], name="Ada Testchild") == {"en-CA": "Photo of the suspect"}


def test_the_photo_of_the_only_person_sought() -> None:
    """One person and one picture of such a person; with two of either nobody can tell who is who."""

    def shown(name: str, role: Role) -> cards.Media:
        return cards.Media(id=name, role=role, url="", sha256="", mime_type="image/jpeg", width=9, height=9, alt={})

    child, car = (Picture(id=role, info=0, resource=0, role=role) for role in ("child", "vehicle"))
    assert photo([shown("m3", "vehicle"), shown("m1", "child")]) == "m1"
    assert photo([shown("m3", "vehicle")]) is photo([]) is None
    assert is_of_the_only([car, child], 1)
    assert not any((is_of_the_only([child, child], 1), is_of_the_only([child], 2), is_of_the_only([car], 1)))


def test_a_long_description_is_read_at_once() -> None:
    """The time it takes grows with the length and not with its square, which would be hours."""
    assert [role_of([text * 500_000]) for text in ("a", "a ", "van ", "d'")] == ["other", "other", "other", "other"]


def found(*resources: cap.Resource) -> tuple[Picture, ...]:
    alert = with_pictures(story.amber(utc_now()), *resources)
    return pictures.pictures(alert, cards.gist(alert))


@pytest.mark.parametrize(
    "resource",
    [
        linked("https://photos.example/ada.jpg"),
        linked("https://photos.example/ada", mime_type="IMAGE/JPEG; charset=binary"),
        linked("https://photos.example/ada.svg", mime_type="image/svg+xml"),
        linked("https://photos.example/ada.JPEG?size=1", mime_type="application/x-url"),
        linked("https://photos.example/ada.png", mime_type=None),
        embedded(b"x", uri=None),
    ],
)
def test_what_counts_as_a_picture(resource: cap.Resource) -> None:
    """Whatever calls itself an image, and what has no usable media type but the name of one. It is listed once for both
    languages."""
    (one,) = found(resource)
    assert (one.role, one.info, one.resource, one.uri) == ("child", 0, 0, None if resource.deref_uri else resource.uri)


@pytest.mark.parametrize(
    "resource",
    [
        linked("https://photos.example/ada.mp3", mime_type="audio/x-ipaws-audio-mp3"),
        linked("https://photos.example/page", mime_type="application/x-url"),
        linked("https://photos.example/ada.jpg", mime_type="text/html"),
        linked("ada.jpg"),
        linked("ftp://photos.example/ada.jpg"),
        linked("javascript:alert(1)//.jpg"),
        linked("http://[/ada.jpg", mime_type=None),
        linked(f"https://photos.example/{'a' * 3_000}.jpg"),
        cap.Resource(resource_desc="Photo", mime_type="image/jpeg"),
    ],
)
def test_what_does_not(resource: cap.Resource) -> None:
    """Sounds, pages, relative and foreign addresses, and nothing at all."""
    assert found(resource) == ()


def test_an_alert_has_few_pictures_and_no_bytes() -> None:
    """Beyond six nothing is kept, and the draft never contains a file."""
    many = found(*(embedded(bytes([number]) * 9_000) for number in range(9)))
    assert len({one.id for one in many}) == len(many) == 6
    assert len(msgspec.json.encode(many)) < 1_500


@pytest.mark.parametrize(
    ("host", "pattern", "is_in"),
    [
        ("photos.example.org", "photos.example.org", True),
        ("Photos.Example.ORG.", "photos.example.org", True),
        ("a.b.example.org", "*.example.org", True),
        ("example.org", "*.example.org", False),
        ("badexample.org", "*.example.org", False),
        ("example.org.evil.net", "*.example.org", False),
        ("photos.example.org", "*", False),
        ("", "*.example.org", False),
    ],
)
def test_hosts_and_patterns(host: str, pattern: str, is_in: bool) -> None:
    """A host by itself, or all that are below one; nothing else."""
    assert is_listed(host, [pattern]) is is_in
    assert not is_listed(host, [])


def test_the_host_of_an_address() -> None:
    """As it is asked for, whatever script it is written in."""
    assert host_of("https://user@Photos.Example:8443/a.jpg") == "photos.example"
    assert host_of("https://bücher.example/a.jpg") == "xn--bcher-kva.example"
    assert host_of("https://[::1]/a") == "::1"
    assert host_of("http://[/a") == host_of("nothing") == ""
