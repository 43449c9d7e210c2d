// Every command that a page asks somebody to type: typed here in a copy of the project, typed by another test, or listed with the
// reason why no test can.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onPath } from "../../toolchain/find";
import type { RunResult } from "../../toolchain/run";
import { freePort } from "../../toolchain/sandbox";
import { type LocalStack, openLocalStack, PROJECT_DIRECTORY } from "../../toolchain/stack";
import { ensureToolchain, toolchainEnv } from "../../toolchain/toolchain";
import { AwsApi } from "../sandbox/aws-api";
import { type Clone, openClone } from "./clone";
import { allCommands, blocks, pattern, plain, transcripts } from "./markdown";

/** Typed elsewhere: the file, and what it must contain for that to be so. */
const elsewhere: Record<string, [file: string, ...texts: string[]]> = {
  "npm start": ["test/sandbox/start.test.ts", 'type("npm start")'],
  "npx palisade down": ["test/sandbox/start.test.ts", 'type("npx palisade down")'],
  "PALISADE_LOCAL_AWS=http://127.0.0.1:4601 npm start": [
    "test/sandbox/start.test.ts",
    'type("npm start")',
    "PALISADE_LOCAL_AWS: `http://127.0.0.1:",
  ],
  "npm test": [".ci/run", "npm test"],
  "npm run lint": [".ci/run", "for check in lint typecheck"],
  "npm run typecheck": ["test/docs/workload.test.ts", 'type("npm run typecheck")'],
  "npx palisade graph": ["test/docs/workload.test.ts", 'type("npx palisade graph")'],
  "npx palisade graph --write README.md": ["test/docs/picture.test.ts", 'type("npx palisade graph --write README.md")'],
};

/** Not typed by any test, and why. */
const cannot: Record<string, string> = {
  "cd toolchain/go/providers && GONOSUMDB='github.com/pulumi/*,github.com/upbound/*' go mod tidy -e":
    "asks the module proxy for every dependency of every dependency; what it wrote is held by each build's go.sum",
  "cd toolchain/python && pip-compile --generate-hashes --no-emit-index-url --strip-extras requirements.in":
    "asks PyPI what is newest today; what it wrote is held by each install's hashes",
  "dig +short NS dev.example.com": "asks the world's DNS about a domain of one's own",
  "dig +short CAA example.com": "asks the world's DNS about a domain of one's own",
  "npm run bench:preview": "measures for minutes, and its figures are those of one machine",
  "pulumi up --stack staging":
    "creates a whole stack in an account; the same is done with dev in test/sandbox/start.test.ts",
};

/** Transcripts that another test holds to what is printed: test/docs/pages.test.ts. */
const shownElsewhere = ["npm start"];

const documented = allCommands();
const typed = new Set<string>();
const compared = new Set<string>();

interface Typing {
  /** What stands in the place of what a reader would put in, in order. */
  put?: [string, string][];
  env?: NodeJS.ProcessEnv;
  /** What is typed at the prompt of the command. */
  input?: string;
  cwd?: string;
  /** What the test itself types after them. */
  last?: string;
}

/** Types commands of the pages, one after the other in one shell, until one fails. */
async function type(clone: Clone, commands: readonly string[], { put = [], input, last, ...rest }: Typing = {}) {
  for (const command of commands) {
    if (!documented.includes(command)) throw new Error(`no page asks anybody to type \`${command}\``);
    typed.add(command);
  }
  const line = put.reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    [...commands, ...(last ? [last] : [])].join(" &&\n"),
  );
  const result = await clone.type(input === undefined ? line : `printf '%s' '${input}' | ${line}`, rest);
  return { ...result, stdout: plain(result.stdout) };
}

function succeeded(result: RunResult): void {
  expect(result.code, result.stdout).toBe(0);
}

/** What the README shows is what was printed. */
function shows(command: string, result: RunResult): void {
  compared.add(command);
  expect(result.stdout).toMatch(pattern(transcripts("README.md").get(command) ?? "nothing"));
}

/** The block without a language on a page: what somebody sees before looking there. */
function symptom(page: string): RegExp {
  const text = blocks(page).find(block => block.language === "")?.text ?? "";
  return new RegExp(pattern(text).source.slice(1, -1).replaceAll("4600", "\\d+"), "m");
}

describe.sequential("configuration", () => {
  let clone: Clone;
  beforeAll(async () => {
    clone = await openClone();
  });
  afterAll(() => clone.close());

  test.each([
    "npx palisade config check",
    "npx palisade config check --file Pulumi.prod.yaml",
    "npx palisade config check --file Pulumi.staging.yaml",
  ])("%s", async command => {
    const result = await type(clone, [command]);
    succeeded(result);
    expect(result.stdout).toContain("no fault");
  });

  test("ten faults come in one message", async () => {
    const command = "npx palisade config check --file test/docs/fixtures/Pulumi.faulty.yaml";
    const result = await type(clone, [command]);
    expect(result.code).toBe(1);
    shows(command, result);
  });

  test("staging and prod are compared by keys", async () => {
    const result = await type(clone, ["npx palisade config diff staging prod"]);
    succeeded(result);
    shows("npx palisade config diff staging prod", result);
  });

  test("the schema is written as it is committed", async () => {
    succeeded(await type(clone, ["npx palisade config schema > docs/stack-config.schema.json"]));
    const of = (directory: string) => readFileSync(join(directory, "docs/stack-config.schema.json"), "utf8");
    expect(JSON.parse(of(clone.directory))).toEqual(JSON.parse(of(PROJECT_DIRECTORY)));
  });

  test("another stack is drawn", async () => {
    const result = await type(clone, ["npx palisade graph --stack prod"]);
    succeeded(result);
    expect(result.stdout).toMatch(/of stack prod/);
  });
});

describe.sequential("contributing", () => {
  let clone: Clone;
  beforeAll(async () => {
    clone = await openClone();
    // The formatter asks git what to leave out.
    succeeded(await clone.type("git init -q"));
  });
  afterAll(() => clone.close());

  test("a part of the tests", async () => {
    const result = await type(clone, ["npm test -- --project unit config"]);
    succeeded(result);
    expect(result.stdout).not.toMatch(/test\/unit\/components/);
    // All of them end in the same lines.
    shows("npm test", result);
  });

  test("code is formatted", async () => {
    succeeded(await type(clone, ["npm run format"]));
  });

  test("golden previews are written anew, and are what they were", async () => {
    succeeded(await type(clone, ["npm run golden"]));
    const of = (directory: string, stack: string) =>
      readFileSync(join(directory, "test", "preview", "golden", `${stack}.json`), "utf8");
    for (const stack of ["dev", "staging", "prod"])
      expect(of(clone.directory, stack)).toBe(of(PROJECT_DIRECTORY, stack));
  });
});

describe.sequential("tools", () => {
  let clone: Clone;
  beforeAll(async () => {
    clone = await openClone();
  });
  afterAll(() => clone.close());

  test("what is there and what is missing is listed", async () => {
    const result = await type(clone, ["npx palisade doctor"]);
    succeeded(result);
    expect(result.stdout).toMatch(/✓ {2}Node\.js/);
  });

  test("an engine that is too old is seen, and not used", async () => {
    const bin = join(clone.room, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "pulumi"), "#!/bin/sh\necho v3.100.0\n", { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const doctor = await type(clone, ["npx palisade doctor"], { env });
    expect(doctor.stdout).toMatch(/– {2}Pulumi engine +3\.100\.0 +3\.256\.0 or newer/);
    const made = await type(clone, ["npx palisade toolchain"], { env });
    succeeded(made);
    expect(made.stdout).toMatch(/^engine +3\.256\.\d+ +(built|downloaded)/m);
    expect(made.stdout).not.toContain(bin);
    const byHand = await type(clone, ['eval "$(npx palisade env)"', "pulumi version"], { env });
    succeeded(byHand);
    expect(byHand.stdout).toMatch(/^v3\.256\./m);
  });

  test("what cannot be had is named, with the way to get it", async () => {
    const bin = join(clone.room, "poor");
    mkdirSync(bin);
    for (const name of ["sh", "env", "node", "npm", "npx", "git", "tar"])
      symlinkSync(onPath(name) ?? "", join(bin, name));
    const env = { PATH: bin, PALISADE_CACHE: join(clone.room, "empty") };
    const result = await type(clone, ["PALISADE_DOWNLOADS=off npx palisade toolchain"], { env });
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/go is not on PATH; \S+ or newer is needed/);
    expect(result.stdout).toContain("npx palisade doctor");
  });

  test("what was made can be deleted", async () => {
    const home = join(clone.room, "home");
    mkdirSync(join(home, ".cache", "palisade"), { recursive: true });
    succeeded(await type(clone, ["rm -r ~/.cache/palisade"], { env: { HOME: home } }));
    expect(existsSync(join(home, ".cache", "palisade"))).toBe(false);
  });
});

describe.sequential("a taken port", () => {
  const page = "runbooks/local-aws-port-taken.md";
  let clone: Clone;
  let other: Server;
  beforeAll(async () => {
    clone = await openClone();
    other = createServer().listen(Number(new URL(clone.localAws).port), "127.0.0.1");
    await once(other, "listening");
  });
  afterAll(async () => {
    other.close();
    await clone.close();
  });

  test("is named as the page says", async () => {
    const result = await clone.type("npx palisade sandbox up");
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(symptom(page));
  });

  test("its holder is found", async () => {
    const command = "lsof -nP -iTCP:4600 -sTCP:LISTEN";
    if (!onPath("lsof")) return void typed.add(command);
    const result = await type(clone, [command], { put: [["4600", new URL(clone.localAws).port]] });
    succeeded(result);
    expect(result.stdout).toContain(String(process.pid));
  });

  test("another one will do", async () => {
    const env = { PALISADE_LOCAL_AWS: `http://127.0.0.1:${await freePort()}` };
    succeeded(await clone.type("npx palisade sandbox up", { env }));
    const down = await type(clone, ["npx palisade sandbox down"], { env });
    succeeded(down);
    expect(down.stdout).toContain("its memory is gone");
  });
});

describe.sequential("the dev stack, by hand", () => {
  const zoneOnly = "--target '**SaasFoundation::*' --target '**zone:Zone**'";
  let clone: Clone;
  let stack: LocalStack;
  const locks = () => {
    const directory = join(clone.directory, ".palisade", "state", ".pulumi", "locks");
    const all = existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: "utf8" }) : [];
    return all.filter(file => file.endsWith(".json"));
  };
  beforeAll(async () => {
    clone = await openClone();
    succeeded(await clone.type("npx palisade sandbox up"));
    // As `npm start` makes it, before it creates anything.
    stack = await openLocalStack({
      name: "dev",
      directory: join(clone.directory, ".palisade"),
      tools: await ensureToolchain(),
      localAws: clone.localAws,
      project: clone.directory,
    });
  });
  afterAll(() => clone.close());

  test("an engine that was killed leaves a lock, and the message says what to type", async () => {
    const engine: ChildProcess = spawn(
      stack.tools.engine,
      ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev", "--config-file", stack.configFile],
      { cwd: clone.directory, env: stack.env, stdio: "ignore" },
    );
    while (locks().length === 0 && engine.exitCode === null) await sleep(20);
    engine.kill("SIGKILL");
    await once(engine, "close");
    expect(locks()).toHaveLength(1);

    const refused = await clone.type("npm start");
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(symptomPrefix("runbooks/stack-locked.md"));
    expect(refused.stdout).toContain('eval "$(npx palisade env)" && pulumi cancel --yes --stack dev');
  });

  test("the lock is taken away, and the stack can be updated", async () => {
    succeeded(await type(clone, ['eval "$(npx palisade env)"', "pulumi cancel --yes --stack dev"]));
    expect(locks()).toEqual([]);
    const up = `pulumi up --yes --skip-preview --non-interactive --stack dev --config-file '${stack.configFile}' ${zoneOnly}`;
    succeeded(await clone.type(`eval "$(npx palisade env)" && ${up}`));
  });

  test("`pulumi` sees the stack and leaves the committed files alone", async () => {
    const result = await type(
      clone,
      [
        'eval "$(npx palisade env)"',
        "pulumi stack --stack dev",
        "pulumi preview --diff --stack dev --config-file .palisade/config/Pulumi.dev.yaml",
      ],
      { env: { PULUMI_SKIP_UPDATE_CHECK: "true" } },
    );
    succeeded(result);
    expect(result.stdout).toMatch(/Current stack is dev/);
    expect(result.stdout).toMatch(/\+ \d+ to create/);
    const of = (directory: string) => readFileSync(join(directory, "Pulumi.dev.yaml"), "utf8");
    expect(of(clone.directory)).toBe(of(PROJECT_DIRECTORY));
  });

  test("the name servers of the zone are in the state", async () => {
    const command = "pulumi stack export --stack dev | grep -A 5 '\"nameServers\": \\['";
    const result = await type(clone, ['eval "$(npx palisade env)"', command]);
    succeeded(result);
    expect(result.stdout).toMatch(/"ns-/);
  });

  test("a lost passphrase is named; what the page says makes room for a new stack", async () => {
    writeFileSync(join(clone.directory, ".palisade", "passphrase"), "another one");
    const refused = await clone.type("npm start");
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(symptom("runbooks/passphrase-lost.md"));
    succeeded(await type(clone, ["npx palisade sandbox down", "rm -r .palisade"]));
    succeeded(await clone.type("npx palisade sandbox up"));
  });
});

describe.sequential("an account, with a local AWS in its place", () => {
  let clone: Clone;
  let env: NodeJS.ProcessEnv;
  const as = (input?: string): Typing => ({ env, input });
  beforeAll(async () => {
    clone = await openClone();
    succeeded(await clone.type("npx palisade sandbox up"));
    const { PATH, PULUMI_HOME } = toolchainEnv(await ensureToolchain());
    env = {
      PATH,
      PULUMI_HOME,
      // Neither in the home of whoever runs the tests, nor in the one that all stacks of this machine share.
      HOME: clone.room,
      PULUMI_CREDENTIALS_PATH: join(clone.room, "credentials"),
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_CONFIRMATIONS: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      AWS_ENDPOINT_URL: clone.localAws,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      CERTIFICATE_ARN: "arn:aws:acm:eu-central-1:123456789012:certificate/0d1c9a52-5c1e-4a5b-8a5e-3a1f7f1f0a11",
    };
  });
  afterAll(() => clone.close());

  test("the place of the state is made, and says where it is", async () => {
    const login = ["mkdir -p ~/palisade-account", "pulumi login file://$HOME/palisade-account"];
    const init = ["pulumi stack init account", "pulumi config set region eu-central-1"];
    succeeded(await type(clone, ["cd bootstrap", ...login, ...init], as()));
    const cwd = join(clone.directory, "bootstrap");
    succeeded(await clone.type(`pulumi config set localAws ${clone.localAws}`, { env, cwd }));
    const exported = [
      'export STATE_URL="$(pulumi stack output url)" SECRETS_PROVIDER="$(pulumi stack output secretsProvider)"',
      "cd ..",
    ];
    const result = await type(clone, ["pulumi up", ...exported], { ...as(), cwd, last: "env" });
    succeeded(result);
    const of = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(result.stdout)?.[1];
    const url = of("STATE_URL") ?? "";
    expect(url).toMatch(/^s3:\/\/.*region=eu-central-1/);
    expect(of("SECRETS_PROVIDER")).toMatch(/^awskms:/);
    env = { ...env, STATE_URL: `${url}&use_path_style=true`, SECRETS_PROVIDER: of("SECRETS_PROVIDER") };
    // moto judges every conditional denial to apply, so that nobody could write; real AWS denies plain HTTP alone.
    await new AwsApi(clone.localAws, "eu-central-1").rest("s3", `/${new URL(url).host}?policy`, "DELETE");
  });

  test("the stack is made in the shared backend, its secrets under the backend's key", async () => {
    succeeded(
      await type(
        clone,
        ['pulumi login "$STATE_URL"', 'pulumi stack init staging --secrets-provider="$SECRETS_PROVIDER"'],
        as(),
      ),
    );
    const pager = "https://events.example.com/integration/of-staging";
    succeeded(
      await type(clone, ["pulumi config set --secret --path 'palisade:alarms.pagerDuty' --stack staging"], as(pager)),
    );
    const file = readFileSync(join(clone.directory, "Pulumi.staging.yaml"), "utf8");
    expect(file).toMatch(/^secretsprovider: awskms:/m);
    expect(file).toMatch(/pagerDuty:\s+secure: v1:/);
    expect(file).not.toContain(pager);
    succeeded(await type(clone, ["npx palisade config check --file Pulumi.staging.yaml"], as()));
  });

  test("the repositories come first", async () => {
    const up = documented.find(command => command.startsWith("pulumi up --stack staging --target")) ?? "";
    const result = await type(clone, [up, "pulumi stack output workloads --stack staging"], as());
    succeeded(result);
    expect(result.stdout).toMatch(/"backend":"[^"]*\/staging\/sanctum\/backend"/);
  });

  test("the rest is previewed", async () => {
    const result = await type(clone, ["pulumi preview --diff --stack staging"], as());
    succeeded(result);
    expect(result.stdout).toMatch(/\+ \d+ to create/);
  });

  test("going back: the stack file of the last good commit is previewed", async () => {
    const file = join(clone.directory, "Pulumi.staging.yaml");
    const good = readFileSync(file, "utf8");
    const git = "git -c user.name=Test -c user.email=test@example.com commit --quiet --message";
    succeeded(await clone.type(`git init --quiet && git add Pulumi.staging.yaml && ${git} good`));
    writeFileSync(file, good.replace(/backend: sha256:\w{8}/, "backend: sha256:00000000"));
    succeeded(await clone.type(`git add Pulumi.staging.yaml && ${git} bad`));
    const [checkout, check] = [
      "git checkout HEAD~1 -- Pulumi.staging.yaml",
      "npx palisade config check --file Pulumi.staging.yaml",
    ];
    succeeded(await type(clone, [checkout, check], as()));
    expect(readFileSync(file, "utf8")).toBe(good);
  });

  test("a lock is taken away, and what was under way is asked after", async () => {
    const result = await type(clone, ["pulumi cancel --yes --stack staging", "pulumi refresh --stack staging"], as());
    succeeded(result);
    expect(result.stdout).toMatch(/Resources:\n\s+[1-9]\d* unchanged\n\nDuration/);
  });

  test("a certificate that exists is named instead of a zone", async () => {
    const result = await type(
      clone,
      [
        "pulumi config set --path 'palisade:edge.certificateArn' \"$CERTIFICATE_ARN\" --stack staging",
        "pulumi config rm --path 'palisade:edge.hostedZoneId' --stack staging",
        "npx palisade config check --file Pulumi.staging.yaml",
        "pulumi stack output edge --stack staging",
      ],
      as(),
    );
    succeeded(result);
  });

  test("a secret is encrypted where it stands", async () => {
    const command = "pulumi config set --secret --path 'palisade:siem.accessKey' --stack staging";
    succeeded(await type(clone, [command], as("key-of-the-collector")));
    const file = readFileSync(join(clone.directory, "Pulumi.staging.yaml"), "utf8");
    expect(file).toMatch(/accessKey:\s+secure: v1:/);
    expect(file).not.toContain("key-of-the-collector");
  });
});

/** As `symptom`, for a line that goes on. */
function symptomPrefix(page: string): RegExp {
  return new RegExp(symptom(page).source.replace(/\[ \\t\]\*\\n$/, ""), "m");
}

describe("completeness", () => {
  test("every command is typed by a test, or listed with a reason", () => {
    const known = [...typed, ...Object.keys(elsewhere), ...Object.keys(cannot)];
    expect(documented.filter(command => !known.includes(command))).toEqual([]);
  });

  test("no list speaks of a command that no page has, or that a test here types", () => {
    const listed = [...Object.keys(elsewhere), ...Object.keys(cannot)];
    expect(listed.filter(command => !documented.includes(command) || typed.has(command))).toEqual([]);
  });

  test.each(Object.entries(elsewhere))("%s is typed elsewhere", (_, [file, ...texts]) => {
    const text = readFileSync(join(PROJECT_DIRECTORY, file), "utf8");
    for (const part of texts) expect(text).toContain(part);
  });

  test("every transcript was compared with what was printed", () => {
    const all = [...transcripts("README.md").keys()];
    expect(all.filter(command => !compared.has(command) && !shownElsewhere.includes(command))).toEqual([]);
  });
});
