import { describe, expect, test } from "vitest";
import { parseStackFile, readStackFile } from "../../../src/config/file";
import { Sealed } from "../../../src/config/sealed";

const ciphertext = "v1:qxtf8h3OfT4OA61r:Xnppt6dBUKBAAd87ug/6y7pkn4vUaXPsyWXw";

test("values keep their types, and encrypted ones are sealed wherever they stand", () => {
  const { raw, faults } = parseStackFile(
    `
config:
  palisade:mode: saas
  palisade:retention: { logDays: 90 }
  palisade:siem:
    url: https://siem.example.com
    accessKey: { secure: "${ciphertext}" }
  palisade:edge: { secure: "${ciphertext}" }
  palisade:network: '{"cidr": "10.0.0.0/16"}'
encryptionsalt: v1:abc
`,
    "Pulumi.dev.yaml",
  );
  expect(faults).toEqual([]);
  expect(raw.get("palisade:mode")).toBe("saas");
  expect(raw.get("palisade:retention")).toEqual({ logDays: 90 });
  expect(raw.get("palisade:network")).toEqual({ cidr: "10.0.0.0/16" });
  expect(raw.get("palisade:siem")).toEqual({ url: "https://siem.example.com", accessKey: expect.any(Sealed) });
  expect(raw.get("palisade:edge")).toBeInstanceOf(Sealed);
});

describe("faults of the file itself", () => {
  test.each([
    ["config: [1", "Pulumi.dev.yaml", /at line 1, column \d+/],
    ["config:\n  palisade:mode: saas\n  palisade:mode: saas\n", "Pulumi.dev.yaml", /DUPLICATE_KEY at line 3/],
    ["config: *nowhere", "Pulumi.dev.yaml", /./],
    ["", "Pulumi.dev.yaml", /no `config`/],
    [
      "config:\n  palisade:mode: saas\npalisade:region: eu-central-1",
      "Pulumi.dev.yaml, palisade:region",
      /unknown key/,
    ],
  ])("%j", (text, path, found) => {
    expect(parseStackFile(text, "Pulumi.dev.yaml").faults).toMatchObject([
      { path, found: expect.stringMatching(found) },
    ]);
  });

  test("a file that is not there", () => {
    expect(readStackFile("/nowhere/Pulumi.prod.yaml")).toMatchObject({
      stack: "prod",
      faults: [{ path: "/nowhere/Pulumi.prod.yaml", found: "no readable file (ENOENT)" }],
    });
  });

  test("a line that does not parse is not quoted", () => {
    const faults = parseStackFile("config:\n  a: hunter2-hunter2: [\n    'hunter2-hunter2", "f").faults;
    expect(faults).toHaveLength(1);
    expect(JSON.stringify(faults)).not.toContain("hunter2");
  });

  test("plain text dressed up as ciphertext is refused and not shown", () => {
    const { faults } = parseStackFile("config:\n  palisade:siem:\n    accessKey: { secure: hunter2-hunter2 }\n", "f");
    expect(faults).toMatchObject([
      { path: "palisade:siem.accessKey", found: "plain text under `secure`", control: "PF-7" },
    ]);
    expect(JSON.stringify(faults)).not.toContain("hunter2");
  });
});
