import { expect, test } from "vitest";
import { looksSecretByName, looksSecretByValue } from "../../../src/workload/plain-secrets";

test.each([
  ["PASSWORD", "x", true],
  ["DBPASSWORD", "x", true],
  ["CLIENT_SECRET", "x", true],
  ["GITHUB_TOKEN", "x", true],
  ["SIGNING_KEY", "x", true],
  ["APIKEY", "x", true],
  ["SENTRY_DSN", "x", true],
  ["TOKEN_TTL_SECONDS", "900", false],
  ["TOKEN_TTL_SECONDS", "hunter2", true],
  ["MAX_TOKENS", "4096", false],
  ["MONKEY", "x", false],
  ["KEYBOARD_LAYOUT", "de", false],
  ["LOG_LEVEL", "info", false],
])("name %s with value %s: %s", (name, value, expected) => {
  expect(looksSecretByName(name, value)).toBe(expected);
});

test.each([
  ["AKIAIOSFODNN7EXAMPLE", true],
  ["-----BEGIN RSA PRIVATE KEY-----\nMIIE", true],
  ["-----BEGIN PRIVATE KEY-----", true],
  ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", true],
  ["postgres://app:hunter2@db.internal/app", true],
  ["redis://:hunter2@cache", true],
  ["https://siem.example.com/?api_key=hunter2", true],
  [`ghp_${"a1".repeat(18)}`, true],
  ["xoxb-1234567890-abcdef", true],
  [`npm_${"a1".repeat(18)}`, true],
  ["-----BEGIN CERTIFICATE-----", false],
  ["https://example.com:8443/path?page=2", false],
  ["postgres://app@db.internal/app", false],
  [`sha256:${"ab".repeat(32)}`, false],
  ["arn:aws:kms:eu-central-1:123456789012:key/1234", false],
  ["oncall@example.com", false],
])("value %s: %s", (value, expected) => {
  expect(looksSecretByValue(value)).toBe(expected);
});
