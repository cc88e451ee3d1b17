"""A loop for each test."""

import asyncio
import unittest


class LoopTests(unittest.TestCase):
    def setUp(self):
        self.loop = asyncio.new_event_loop()

    def tearDown(self):
        self.loop.close()

    def test_sleep(self):
        self.assertEqual(self.loop.run_until_complete(asyncio.sleep(0, 5)), 5)

    def test_time(self):
        self.assertGreater(self.loop.time(), 0)


unittest.main()
