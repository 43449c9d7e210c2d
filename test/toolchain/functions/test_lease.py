"""The contract of the lease, as docs/workloads.md has it, kept by two replicas against a DynamoDB table (RT-30)."""

import random
import unittest

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

SECONDS = 15


class Replica:
    """What a container does. Times are in milliseconds."""

    def __init__(self, name, table):
        self.name, self.table = name, table
        self.sure_until = 0
        self.next_look = 0

    def tick(self, now):
        if now < self.next_look:
            return
        try:
            self.table.update_item(
                Key={"LeaseKey": "poller"},
                UpdateExpression="SET holder = :me, expiresAt = :until, removeAt = :remove",
                ConditionExpression="attribute_not_exists(LeaseKey) OR expiresAt <= :now OR holder = :me",
                ExpressionAttributeValues={
                    ":me": self.name,
                    ":now": now,
                    ":until": now + SECONDS * 1000,
                    ":remove": now // 1000 + 86_400,
                },
            )
            self.sure_until = now + SECONDS * 1000
            self.next_look = now + SECONDS * 1000 // 3
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            item = self.table.get_item(Key={"LeaseKey": "poller"}, ConsistentRead=True)["Item"]
            self.sure_until = 0
            # Not sooner than it can be had, and not later either.
            self.next_look = min(int(item["expiresAt"]), now + SECONDS * 1000 // 3)

    def release(self):
        self.table.delete_item(
            Key={"LeaseKey": "poller"},
            ConditionExpression="holder = :me",
            ExpressionAttributeValues={":me": self.name},
        )

    def active(self, now):
        return now < self.sure_until


@mock_aws
class Lease(unittest.TestCase):
    def setUp(self):
        self.table = boto3.resource("dynamodb").create_table(
            TableName="lease",
            KeySchema=[{"AttributeName": "LeaseKey", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LeaseKey", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.a, self.b = Replica("a", self.table), Replica("b", self.table)

    def test_one_works_the_other_waits(self):
        for now in range(0, 120_000, 500):
            self.a.tick(now)
            self.b.tick(now)
            self.assertTrue(self.a.active(now))
            self.assertFalse(self.b.active(now))

    def test_the_waiting_one_takes_over_within_the_lease_and_never_before_it_ends(self):
        for seed in range(20):
            self.table.delete_item(Key={"LeaseKey": "poller"})
            self.a, self.b = Replica("a", self.table), Replica("b", self.table)
            death = random.Random(seed).randrange(20_000, 60_000)
            took_over = None
            for now in range(0, 90_000, 250):
                if now < death:
                    self.a.tick(now)
                self.b.tick(now)
                self.assertFalse(self.a.active(now) and self.b.active(now), f"two at once at {now} of seed {seed}")
                if took_over is None and self.b.active(now):
                    took_over = now
            self.assertIsNotNone(took_over)
            self.assertLessEqual(took_over - death, SECONDS * 1000 + 250)

    def test_one_that_is_cut_off_stops_by_itself_before_the_other_starts(self):
        self.a.tick(0)
        self.b.tick(0)
        started = next(now for now in range(0, 60_000, 250) if self.b.tick(now) or self.b.active(now))
        self.assertFalse(self.a.active(started))

    def test_one_that_stops_in_order_hands_over_at_once(self):
        self.a.tick(0)
        self.b.tick(0)
        self.a.release()
        self.b.tick(5_000)
        self.assertTrue(self.b.active(5_000))

    def test_nobody_gives_back_what_another_holds(self):
        self.a.tick(0)
        with self.assertRaises(ClientError):
            self.b.release()


if __name__ == "__main__":
    unittest.main()
