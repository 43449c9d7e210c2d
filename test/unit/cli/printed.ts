// Unit tests: what a command prints, kept instead of shown.
import { afterEach, beforeEach, vi } from "vitest";

export interface Printed {
  stdout: string;
  stderr: string;
}

/** Keeps what is printed during each test of the file that calls this; empty when a test begins. */
export function keepPrinted(): Printed {
  const printed = { stdout: "", stderr: "" };
  beforeEach(() => {
    for (const stream of ["stdout", "stderr"] as const) {
      printed[stream] = "";
      vi.spyOn(process[stream], "write").mockImplementation(text => {
        printed[stream] += text;
        return true;
      });
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return printed;
}
