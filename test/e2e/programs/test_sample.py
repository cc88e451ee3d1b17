"""Tests for the suites that run tests: one passes, in a loop of its own."""

from __future__ import annotations

import asyncio

import pytest


@pytest.mark.asyncio
async def test_passes() -> None:
    task = asyncio.create_task(asyncio.sleep(0.2), name="asleep")
    await task
