// Unit tests: a directory that passes for a machine, with Docker, systemd and AWS played by scripts that write down what they were asked.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineScripts, type ScriptName, settingsFile } from "../../../src/components/aws/machine-scripts";
import type { MachinePaths, MachineSettings } from "../../../src/components/aws/machine-settings";

/** How each container is, is a file; `bad` lists digests that never become healthy; `refuse` lists what fails. */
const players: Record<string, string> = {
  docker: `case $1 in
  inspect) cat "$BENCH/state/\${@: -1}" 2>/dev/null ;;
  login) cat >>"$BENCH/passwords"; refused login ;;
  pull) refused pull ;;
  run) printf '%s\\n' "$@" >>"$BENCH/run"; [[ " $* " != *-check* ]] || refused check ;;
esac`,
  systemctl: `case $1 in
  restart)
    unit=\${@: -1}; name=\${unit%.service}; state=healthy
    while read -r digest; do grep -q "$digest" "$BENCH/releases/release" 2>/dev/null && state=unhealthy; done <"$BENCH/bad"
    echo $state >"$BENCH/state/\${name//@/_at_}"
    refused restart ;;
esac`,
  aws: `case "$1 $2" in
  "ecr get-login-password") echo registry-token ;;
  "ssm get-parameters-by-path") cat "$BENCH/parameters" ;;
  "sts assume-role") echo '{"AccessKeyId": "ASIA"}' ;;
esac
refused "$2"`,
  "cloud-init": "refused cloud-init",
  chgrp: "true",
};

export class MachineBench {
  readonly directory = mkdtempSync(join(tmpdir(), "palisade-machine-"));
  readonly paths: MachinePaths = {
    library: this.at("library"),
    settings: this.at("settings"),
    environment: this.at("environment"),
    releases: this.at("releases"),
    memory: this.at("memory"),
  };

  constructor(settings: MachineSettings) {
    for (const made of ["library", "releases", "memory/credentials", "memory/docker", "state", "bin"])
      mkdirSync(this.at(made), { recursive: true });
    for (const [name, acts] of Object.entries(players))
      this.program(
        `bin/${name}`,
        `#!/bin/bash\necho "${name} $*" >>"$BENCH/calls"\nrefused() { ! grep -qx "$1" "$BENCH/refuse"; }\n${acts}\n`,
      );
    for (const [name, text] of Object.entries(machineScripts(settings, this.paths)))
      this.program(`library/${name}`, text);
    this.put("settings", settingsFile(settings));
    for (const empty of ["bad", "refuse", "calls", "run"]) this.put(empty, "");
  }

  at(path: string): string {
    return join(this.directory, path);
  }

  put(path: string, text: string): void {
    writeFileSync(this.at(path), text);
  }

  /** Text of a file; undefined if there is none. */
  read(path: string): string | undefined {
    return existsSync(this.at(path)) ? readFileSync(this.at(path), "utf8") : undefined;
  }

  /** What was asked of a program since the bench was made. */
  calls(of: string): string[] {
    return (this.read("calls") ?? "").split("\n").filter(line => line.startsWith(`${of} `));
  }

  /** Words of every `docker run`. */
  runs(): string[] {
    return (this.read("run") ?? "").trimEnd().split("\n");
  }

  script(name: ScriptName, ...words: string[]) {
    return this.bash(readFileSync(this.at(`library/${name}`), "utf8"), ...words);
  }

  bash(text: string, ...words: string[]) {
    this.program("script", text);
    const { status, stdout, stderr } = spawnSync("/bin/bash", [this.at("script"), ...words], {
      env: { BENCH: this.directory, PATH: `${this.at("bin")}:${process.env.PATH}` },
      encoding: "utf8",
      timeout: 30_000,
    });
    return { status, stdout, stderr };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }

  private program(path: string, text: string): void {
    writeFileSync(this.at(path), text, { mode: 0o755 });
  }
}
