"""One valid message of each CAP version, invented, and ways to change it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from capgateway import cap, shipped

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
SCHEMAS = cap.Schemas(shipped.cap_schemas())

CAP_1_2 = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>TX-2026-0042</identifier>
  <sender>alerts@agency.example</sender>
  <sent>2026-11-22T10:15:00-06:00</sent>
  <status>Actual</status>
  <msgType>Update</msgType>
  <source>Desk 4</source>
  <scope>Public</scope>
  <code>profile:example</code>
  <note>A note</note>
  <references>alerts@agency.example,TX-2026-0041,2026-11-22T09:15:00-06:00</references>
  <incidents>lake "big fire"</incidents>
  <info>
    <language>en-US</language>
    <category>Fire</category>
    <event>Wildfire</event>
    <responseType>Evacuate</responseType>
    <urgency>Immediate</urgency>
    <severity>Severe</severity>
    <certainty>Observed</certainty>
    <audience>Residents</audience>
    <eventCode><valueName>SAME</valueName><value>FRW</value></eventCode>
    <effective>2026-11-22T10:15:00-06:00</effective>
    <onset>2026-11-22T10:20:00-06:00</onset>
    <expires>2026-11-22T20:15:00-06:00</expires>
    <senderName>Example Agency</senderName>
    <headline>Leave now</headline>
    <description>A fire
  moves east.</description>
    <instruction>Go west.</instruction>
    <web>https://agency.example/fire</web>
    <contact>555-0100</contact>
    <parameter><valueName>zone</valueName><value>4</value></parameter>
    <resource>
      <resourceDesc>Map</resourceDesc>
      <mimeType>image/png</mimeType>
      <size>5</size>
      <uri>https://agency.example/map.png</uri>
      <derefUri>aGVsbG8=</derefUri>
      <digest>aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d</digest>
    </resource>
    <area>
      <areaDesc>Example County</areaDesc>
      <polygon>30.1,-97.9 30.1,-97.5 30.5,-97.5 30.1,-97.9</polygon>
      <circle>30.2,-97.7 5.5</circle>
      <geocode><valueName>SAME</valueName><value>048453</value></geocode>
      <altitude>100</altitude>
      <ceiling>2000.5</ceiling>
    </area>
  </info>
</alert>
"""
CAP_1_1 = CAP_1_2.replace("cap:1.2", "cap:1.1")
CAP_1_0 = (
    CAP_1_2.replace("urn:oasis:names:tc:emergency:cap:1.2", "http://www.incident.com/cap/1.0")
    .replace("alerts@agency.example,TX-2026-0041,2026-11-22T09:15:00-06:00", "TX-2026-0041/alerts@agency.example")
    .replace("    <responseType>Evacuate</responseType>\n", "")
    .replace(">Observed<", ">Very Likely<")
    .replace("      <derefUri>aGVsbG8=</derefUri>\n", "")
    .replace("<valueName>SAME</valueName><value>FRW</value>", "SAME=FRW")
    .replace("<valueName>zone</valueName><value>4</value>", "zone=4")
    .replace("<valueName>SAME</valueName><value>048453</value>", "SAME=048453")
)


def changed(old: str, new: str, *, document: str = CAP_1_2) -> bytes:
    """The sample with one text exchanged, which must occur in it."""
    assert old in document, old
    return document.replace(old, new, 1).encode()


def judged(document: bytes | str, *, now: datetime = NOW) -> cap.Report:
    return cap.validate(cap.parse(document.encode() if isinstance(document, str) else document), SCHEMAS, now=now)


def rules(document: bytes | str, *, now: datetime = NOW) -> set[str]:
    """The ids of the rules that a document breaks."""
    return {finding.rule for finding in judged(document, now=now).findings}


def the_finding(document: bytes | str, rule: str, *, now: datetime = NOW) -> cap.Finding:
    """The only finding of a rule."""
    (finding,) = (finding for finding in judged(document, now=now).findings if finding.rule == rule)
    return finding


def corpus() -> Path:
    """The directory of third-party documents that some tests need."""
    path = os.environ.get("CAPGATEWAY_CORPUS")
    if not path:
        pytest.skip("set CAPGATEWAY_CORPUS to a directory of published CAP documents and official schemas")
    return Path(path)
