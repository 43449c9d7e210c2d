// Toolchain tests: a line that an installer writes for machines (`--json`).

/** What tests read of it. */
export interface InstallerLine {
  event: string;
  id?: string;
  state?: string;
  text?: string;
  failed?: string;
  /** Of a plan. */
  steps?: { id: string }[];
}
