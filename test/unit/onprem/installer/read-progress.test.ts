// What takes long in a command without a plan is shown, and can be ended.
import { expect, test } from "vitest";
import { inSight, reading } from "../../../../src/onprem/installer/read-progress";

/** A terminal's text as it was written. */
function output(isTTY: boolean) {
  const text: string[] = [];
  return { isTTY, text, write: (part: string) => text.push(part) };
}

test("work is a step that begins, moves on a terminal, and is done", async () => {
  const out = output(true);
  const result = await inSight(out, "images", "import the images", async ({ progress }) => {
    await new Promise(end => setTimeout(end, 300));
    progress("1 of 2 MiB");
    return 2;
  });
  expect(result).toBe(2);
  expect(out.text.join("")).toMatch(/ {2}… import the images \(0 s\): 1 of 2 MiB[\s\S]* {2}✓ import the images\n$/);
});

test("elsewhere it is plain lines, and work that fails is not told to be done", async () => {
  const out = output(false);
  const failed = inSight(out, "images", "import the images", () => Promise.reject(new Error("no room")));
  await expect(failed).rejects.toThrow("no room");
  expect(out.text).toEqual(["  … import the images\n"]);
});

test("reading ends at the next piece once it is cancelled, and says that nothing was changed", async () => {
  const end = new AbortController();
  const out = output(false);
  const read = reading(out, end.signal, async progress => {
    progress(1, 2);
    end.abort();
    progress(2, 2);
  });
  await expect(read).rejects.toThrow(/interrupted[\s\S]*Nothing was changed/);
  expect(out.text.join("")).not.toContain("✓");
});
