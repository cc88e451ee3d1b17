"""addCleanup in place of tearDown."""

import asyncio
import unittest


class LoopTests(unittest.TestCase):
    def setUp(self):
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)

    def test_sleep(self):
        self.assertEqual(self.loop.run_until_complete(asyncio.sleep(0, 5)), 5)


unittest.main()
