import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requireDocker } from "../../../src/platform/docker-check";

const path = process.env.PATH;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "palisade-docker-"));
  process.env.PATH = directory;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(directory, { recursive: true });
});

const docker = (script: string) => writeFileSync(join(directory, "docker"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
const builds = ["palisade:workloads.notes.builds.api"];

test("a daemon that answers is enough", () => {
  docker("echo 28.2.2");
  expect(() => requireDocker(builds)).not.toThrow();
});

test("a client without a daemon is named, with what to do", () => {
  docker("echo 'Cannot connect to the Docker daemon' >&2; exit 1");
  expect(() => requireDocker(builds)).toThrow(
    /Nothing was registered: palisade:workloads\.notes\.builds\.api ask for a Docker daemon; found a `docker` whose daemon does not answer/,
  );
});

test("no client at all is named", () => {
  expect(() => requireDocker(builds)).toThrow(/found no `docker` on PATH/);
});

test("a stack that builds nothing asks nobody", () => {
  docker(`touch ${directory}/asked; exit 1`);
  expect(() => requireDocker([])).not.toThrow();
});
