// Tests of the documentation: from an empty account to a stack in it and back, with a local AWS in the account's place.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureToolchain, toolchainEnv } from "../../../toolchain/toolchain";
import { AwsApi } from "../../sandbox/aws-api";
import { type Clone, openClone } from "../clone";
import { documented, succeeded, type Typing, type } from "../typing";

export function account(): void {
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
}
