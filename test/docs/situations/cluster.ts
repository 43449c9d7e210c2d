// Tests of the documentation: a stack on a cluster, and what its runbooks ask of kubectl, with a real API server that has no node.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureClusterTools } from "../../../toolchain/cluster/cluster";
import { ensureToolchain, toolchainEnv } from "../../../toolchain/toolchain";
import { type ApiServer, startApiServer } from "../../toolchain/api-server";
import { type Clone, openClone } from "../clone";
import { documented, shows, succeeded, type Typing, type } from "../typing";

const stackFile = "Pulumi.onprem.yaml";
const render = "npx palisade render sanctum --format kubernetes --stack onprem";
const supplied = "pulumi config set --secret --path 'palisade:secrets.router.TELEGRAM_BOT_TOKEN' --stack onprem";

export function cluster(): void {
  describe.sequential("a cluster, with an API server in its place", () => {
    let clone: Clone;
    let api: ApiServer;
    let env: NodeJS.ProcessEnv;
    const as = (input?: string): Typing => ({ env, input });
    beforeAll(async () => {
      clone = await openClone();
      const { kubernetes } = await ensureClusterTools();
      api = await startApiServer();
      const { PATH, PULUMI_HOME } = toolchainEnv(await ensureToolchain());
      env = {
        PATH: `${kubernetes}:${PATH}`,
        PULUMI_HOME,
        HOME: clone.room,
        PULUMI_BACKEND_URL: `file://${clone.room}`,
        PULUMI_CONFIG_PASSPHRASE: "",
        PULUMI_SKIP_CONFIRMATIONS: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        KUBECONFIG: api.kubeconfig,
      };
    });
    afterAll(async () => {
      await api?.stop();
      await clone?.close();
    });

    test("a workload is printed as the README shows", async () => {
      const result = await type(clone, [render]);
      succeeded(result);
      shows(render, result);
    });

    test("a stack is made, misses no secret, and is previewed", async () => {
      succeeded(await type(clone, ["pulumi stack init onprem"], as()));
      // As the file is, manifests are rendered and no cluster is asked.
      const apart = { env: { ...env, KUBECONFIG: "/nowhere" } };
      const rendered = await type(clone, ["pulumi up --stack onprem"], apart);
      succeeded(rendered);
      expect(rendered.stdout).toContain(".palisade/rendered/onprem");
      succeeded(await type(clone, ["pulumi up --refresh --stack onprem"], apart));
      succeeded(await clone.type("pulumi destroy --stack onprem", apart));
      succeeded(await type(clone, ["pulumi config set palisade:delivery cluster --stack onprem"], as()));
      const token = "token-of-the-documentation";
      succeeded(await type(clone, [supplied], as(token)));
      const early = await type(clone, ["pulumi preview --diff --stack onprem"], as());
      expect(early.code).not.toBe(0);
      const missing = [...early.stdout.matchAll(/pulumi config set --secret --path '(palisade:secrets\.[\w.-]+)'/g)];
      expect(missing.length).toBeGreaterThan(0);
      for (const [, place = ""] of missing)
        succeeded(await clone.type(`printf x | pulumi config set --secret --path '${place}' --stack onprem`, { env }));
      succeeded(await type(clone, [`npx palisade config check --file ${stackFile}`], as()));
      const shown = await type(clone, ["pulumi preview --diff --stack onprem"], as());
      succeeded(shown);
      expect(shown.stdout).toMatch(/\+ \d+ to create/);
      expect(shown.stdout).not.toContain(token);
      succeeded(await type(clone, ["pulumi preview --diff --refresh --stack onprem"], as()));
    });

    test("what the runbooks ask of kubectl is answered", async () => {
      for (const name of ["router", "sanctum"]) {
        const objects = join(clone.room, `${name}.yaml`);
        succeeded(await clone.type(`npx palisade render ${name} --format kubernetes --stack onprem >${objects} 2>&1`));
        // Kinds of an Ingress controller are not known here; all others have to be taken.
        const { stdout } = await clone.type(`sed -i '/^npm /d' ${objects}; kubectl apply -f ${objects}`, { env });
        for (const line of stdout
          .split("\n")
          .filter(text => text.startsWith("error") || text.includes("no matches for")))
          expect(line).toMatch(/traefik\.io|resource mapping not found/);
      }
      await api.kubectl(["create", "namespace", "content-pipeline-prod"]);
      const authority = ["create", "secret", "generic", "tls-approval-gate", "--from-literal=ca.crt=authority"];
      await api.kubectl([...authority, "-n", "content-pipeline-prod"]);
      const halted = ["annotate", "deployment", "poller", "-n", "router-prod", "palisade.dev/halted=more than 5"];
      await api.kubectl(halted);
      await api.kubectl(["create", "namespace", "palisade-prod"]);
      await api.kubectl(["create", "configmap", "palisade-release-2", "-n", "palisade-prod"]);

      const asked = documented.filter(command => /^kubectl (get|describe|auth|annotate|version)/.test(command));
      const answers = new Map<string, string>();
      for (const command of asked) {
        const result = await type(clone, [command], as());
        succeeded(result);
        answers.set(command, result.stdout);
      }
      const answer = (part: string) => [...answers].find(([command]) => command.includes(part))?.[1] ?? "";
      expect(answer("HALTED")).toMatch(/^poller .*more than 5$/m);
      expect(answer("PART:")).toMatch(/^ai-core +backend +vectors/m);
      expect(answer("auth can-i")).toMatch(/^yes$/m);
      expect(Buffer.from(answer("secret tls-approval-gate"), "base64").toString()).toBe("authority");
      const poller = await api.kubectl(["get", "deployment", "poller", "-n", "router-prod", "-o", "yaml"]);
      expect(poller).not.toContain("palisade.dev/halted");
      succeeded(await type(clone, ["kubectl delete configmap palisade-release-2 --namespace palisade-prod"], as()));
    });
  });
}
