// Making a bundle: what the disk says of bytes written long before is never lost.
import type { FileHandle } from "node:fs/promises";
import { expect, test } from "vitest";
import { EarlySync } from "../../../src/onprem/make/early-sync";

const MUCH = 64 * 1024 * 1024;

function file(datasync: () => Promise<void>) {
  const asked: string[] = [];
  const handle = {
    datasync: () => {
      asked.push("datasync");
      return datasync();
    },
    sync: async () => {
      asked.push("sync");
    },
  };
  return { asked, sync: new EarlySync(handle as unknown as FileHandle) };
}

test("asks once for much, never twice at once, and for all at the end", async () => {
  const { asked, sync } = file(async () => undefined);
  sync.wrote(MUCH - 1);
  expect(asked).toEqual([]);
  sync.wrote(1);
  sync.wrote(MUCH);
  expect(asked).toEqual(["datasync"]);
  await sync.settle();
  sync.wrote(1);
  expect(asked).toEqual(["datasync", "datasync"]);
  await sync.finish();
  expect(asked.at(-1)).toBe("sync");
});

test("a disk's error comes with the next write, and at the end, however well that sync goes", async () => {
  const { sync } = file(() => Promise.reject(new Error("EIO")));
  sync.wrote(MUCH);
  await sync.settle();
  expect(() => sync.wrote(1)).toThrow("EIO");
  await expect(sync.finish()).rejects.toThrow("EIO");
});
