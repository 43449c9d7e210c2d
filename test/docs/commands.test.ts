// Every command that a page asks somebody to type: typed here in a copy of the project, typed by another test, or listed with the
// reason why no test can.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { transcripts } from "./markdown";
import { account } from "./situations/account";
import { bundle } from "./situations/bundle";
import { cluster } from "./situations/cluster";
import { configuration } from "./situations/configuration";
import { contributing } from "./situations/contributing";
import { devStack } from "./situations/dev-stack";
import { takenPort } from "./situations/taken-port";
import { tools } from "./situations/tools";
import { compared, documented, typed } from "./typing";

const onprem = "onprem-1.4.0.tar --key vendor.pub --values values.yaml";

/** Of an installed release: what follows each of these names is the test's own bundle, values and secrets. */
const installed: Record<string, [file: string, ...texts: string[]]> = {
  [`./palisade install ${onprem} --secrets secrets.yaml`]: [
    "test/cluster/bundle.test.ts",
    'withBundle("install", one)',
  ],
  [`./palisade install ${onprem} --secrets secrets.yaml --images-to none`]: [
    "test/cluster/bundle-places.test.ts",
    'palisade("install", bundle, ...placeAt(served), "--images-to", "none"',
  ],
  [`./palisade install ${onprem} --secrets secrets.yaml --images-to node`]: [
    "test/cluster/bundle-places.test.ts",
    '[...placeAt(nowhere), "--images-to", "node"]',
    'node.palisade("install", bundle, ...here',
  ],
  [`./palisade import ${onprem} --ctr 'k3s ctr'`]: [
    "test/cluster/bundle-places.test.ts",
    'node.palisade("import", bundle',
  ],
  [`./palisade serve ${onprem} --listen 10.40.0.5:5000 --tls-cert serve.crt --tls-key serve.key`]: [
    "test/cluster/bundle-places.test.ts",
    "serveBundle(room, bundle",
  ],
  "./palisade upgrade onprem-1.5.0-delta.tar --key vendor.pub --values values.yaml --base onprem-1.4.0.tar": [
    "test/cluster/bundle.test.ts",
    'withBundle("upgrade", delta, "--base", one)',
  ],
  "./palisade rollback": ["test/cluster/bundle.test.ts", 'palisade("rollback")'],
  "./palisade rollback --to 1.4.0": ["test/cluster/bundle-kill.test.ts", 'recorded("rollback", "--to", "1.0.0")'],
  "./palisade status": ["test/cluster/bundle.test.ts", 'palisade("status", "--json")'],
  "./palisade support-bundle --out support.tar.gz": [
    "test/cluster/bundle.test.ts",
    'palisade("support-bundle", "--out", "support.tar.gz")',
  ],
  "./palisade uninstall --yes": ["test/toolchain/installer.test.ts", 'run(["uninstall", "", "held"])'],
  "./palisade uninstall --delete-data --yes": [
    "test/cluster/bundle.test.ts",
    'palisade("uninstall", "--delete-data", "--yes")',
  ],
};

/** Typed elsewhere: the file, and what it must contain for that to be so. */
const elsewhere: Record<string, [file: string, ...texts: string[]]> = {
  "npm start": ["test/sandbox/start.test.ts", 'type("npm start")'],
  ...Object.fromEntries(
    ["up --cluster", "status --cluster", "down --cluster"].map(command => [
      `npx palisade sandbox ${command}`,
      ["test/cluster/commands.test.ts", `type("npx palisade sandbox ${command}")`],
    ]),
  ),
  'npx palisade sandbox up --cluster --kubeconfig "$CLUSTER_CONFIG"': [
    "test/cluster/commands.test.ts",
    `type('npx palisade sandbox up --cluster --kubeconfig "$CLUSTER_CONFIG"'`,
  ],
  "npx palisade down": ["test/sandbox/start.test.ts", 'type("npx palisade down")'],
  "PALISADE_LOCAL_AWS=http://127.0.0.1:4601 npm start": [
    "test/sandbox/start.test.ts",
    'type("npm start")',
    "PALISADE_LOCAL_AWS: `http://127.0.0.1:",
  ],
  "npm run onprem": ["test/cluster/onprem-command.test.ts", 'type("npm run onprem")'],
  ...installed,
  "npm test": [".ci/run", "npm test"],
  "npm run lint": [".ci/run", "for check in lint typecheck"],
  "npm run typecheck": ["test/docs/workload.test.ts", 'type("npm run typecheck")'],
  "npx palisade graph": ["test/docs/workload.test.ts", 'type("npx palisade graph")'],
  "npx palisade graph --workload notes": ["test/docs/workload.test.ts", 'type("npx palisade graph --workload notes")'],
  "npx palisade graph --workload sanctum --write README.md": [
    "test/docs/picture.test.ts",
    'type("npx palisade graph --workload sanctum --write README.md")',
  ],
};

/** Not typed by any test, and why. */
const cannot: Record<string, string> = {
  "cd toolchain/go/network-policies && GONOSUMDB='sigs.k8s.io/*' go mod tidy":
    "asks the module proxy for every dependency of every dependency; what it wrote is held by each build's go.sum",
  "npx palisade sandbox up --cluster --kind":
    "needs kind and a container daemon; what is asked of both is in test/toolchain/cluster.test.ts",
  "cd toolchain/go/providers && GONOSUMDB='github.com/pulumi/*,github.com/upbound/*' go mod tidy -e":
    "asks the module proxy for every dependency of every dependency; what it wrote is held by each build's go.sum",
  "cd toolchain/python && pip-compile --generate-hashes --no-emit-index-url --strip-extras requirements.in":
    "asks PyPI what is newest today; what it wrote is held by each install's hashes",
  'export CLUSTER="$(pulumi stack output cluster --stack staging)"':
    "gives a name to the commands after it, which ask an account; the local AWS runs no task",
  "aws ecs list-tasks --cluster \"$CLUSTER\" --desired-status STOPPED --query 'taskArns[:5]' --output text":
    "asks an account for tasks that stopped; the local AWS runs none",
  'aws ecs describe-tasks --cluster "$CLUSTER" --tasks "$TASK" --query \'tasks[].[group,stoppedReason,containers[].[name,exitCode,reason]]\'':
    "asks an account for a task that stopped; the local AWS runs none",
  "aws logs tail /palisade/staging/iss/api --since 30m": "reads what a task has written; the local AWS runs none",
  "aws efs describe-access-points --query 'AccessPoints[].[Name,RootDirectory.Path,PosixUser.Uid,RootDirectory.CreationInfo.OwnerUid]' --output table":
    "needs the AWS CLI, which the project does not bring; the access points are in test/unit/components/shared-file-system.test.ts",
  'aws cloudwatch get-metric-statistics --namespace AWS/ECS --metric-name MemoryUtilization --dimensions Name=ClusterName,Value="$CLUSTER" Name=ServiceName,Value="$SERVICE" --start-time "$START" --end-time "$END" --period 300 --statistics Maximum':
    "asks an account what tasks took; the local AWS runs none",
  "aws logs tail /palisade/palisade-staging/restart-brake --since 1h":
    "reads what a function has written; the local AWS runs none",
  'aws ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --desired-count "$MIN_REPLICAS"':
    "starts tasks of an account; that the brake does the same is in test/toolchain/functions/test_restart_brake.py",
  'aws application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id "service/$CLUSTER/$SERVICE" --suspended-state DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,ScheduledScalingSuspended=false':
    "resumes what the brake suspended in an account; that the brake does the same is in test/toolchain/functions/test_restart_brake.py",
  "aws logs filter-log-events --log-group-name /palisade/staging/egress/router-poller-egress --filter-pattern '{ $.event = \"egress.denied\" || $.event = \"egress.failed\" }' --query 'events[].message'":
    "reads what a proxy has written; the local AWS runs none. Its records are in test/toolchain/egress-proxy.test.ts",
  "aws logs tail /palisade/palisade-staging/dns-queries --since 30m":
    "reads what a VPC has resolved; the local AWS resolves nothing",
  "aws ssm describe-automation-executions --filters Key=ExecutionStatus,Values=Waiting --query 'AutomationExecutionMetadataList[].[AutomationExecutionId,DocumentName,ExecutionStartTime]' --output table":
    "asks an account for automations that wait; the local AWS runs none",
  "aws ssm get-automation-execution --automation-execution-id \"$EXECUTION\" --query 'AutomationExecution.Parameters'":
    "asks an account for an automation that waits; the local AWS runs none",
  "aws ssm send-automation-signal --automation-execution-id \"$EXECUTION\" --signal-type Approve --payload Comment='read, and released'":
    "decides about an automation that waits; the local AWS runs none",
  "aws ssm send-automation-signal --automation-execution-id \"$EXECUTION\" --signal-type Reject --payload Comment='not to be released'":
    "decides about an automation that waits; the local AWS runs none",
  "aws logs tail /aws/events/palisade/staging/content-pipeline/approvals --since 1h":
    "reads what rules have written about automations; the local AWS runs none",
  'aws ssm start-session --target "$INSTANCE" --document-name content-pipeline-staging-editorbot-session':
    "opens a shell on a machine; the local AWS boots none. The document is in test/unit/components/machine-access.test.ts",
  'aws ssm send-command --document-name content-pipeline-staging-editorbot-deliver --targets Key=tag:palisade:service,Values=content-pipeline-staging-editorbot --parameters "ImageDigest=$DIGEST,GitSha=$GIT_SHA"':
    "delivers to a machine; the local AWS boots none. What is delivered is run in test/unit/components/machine-delivery-script.test.ts",
  'docker build --build-arg GO_IMAGE="$GO_IMAGE" images/egress-proxy':
    "needs a Docker daemon; the program in it is built and run in test/toolchain/egress-proxy.test.ts",
  "dig +short NS dev.example.com": "asks the world's DNS about a domain of one's own",
  "dig +short CAA example.com": "asks the world's DNS about a domain of one's own",
  "kubectl logs --namespace router-prod --selector app.kubernetes.io/name=poller --all-containers --tail 50":
    "reads what a pod has written; the API server of the tests has no node",
  "kubectl logs deployment/workload-guard --namespace router-prod --tail 50":
    "reads what a pod has written; its records are in test/toolchain/workload-guard.test.ts",
  "kubectl logs --namespace router-prod --selector app.kubernetes.io/name=egress-proxy-poller --tail 50":
    "reads what a pod has written; its records are in test/toolchain/egress-proxy.test.ts",
  "kubectl logs approval-gate-0 --namespace content-pipeline-prod --tail 50":
    "reads what a pod has written; its records are in test/toolchain/approval-gate.test.ts",
  "kubectl port-forward --namespace content-pipeline-prod pod/approval-gate-0 8443":
    "leads to a pod; the API server of the tests has no node",
  'curl --fail-with-body --cacert "$AUTHORITY" --connect-to ::localhost:8443 --header "Authorization: Bearer $TOKEN" https://approval-gate.content-pipeline-prod.svc:8443/approvals/release':
    "asks a pod; the gate itself is asked the same in test/toolchain/approval-gate.test.ts",
  'curl --fail-with-body --cacert "$AUTHORITY" --connect-to ::localhost:8443 --header "Authorization: Bearer $TOKEN" --data @decision.json https://approval-gate.content-pipeline-prod.svc:8443/approvals/release':
    "tells a pod; the gate itself is told the same in test/toolchain/approval-gate.test.ts",
  "./palisade upgrade onprem-1.5.0.tar.001 --key vendor.pub --values values.yaml":
    "an upgrade by a whole bundle is in test/cluster/bundle.test.ts, a bundle in parts is read in test/unit/onprem/bundle/forms.test.ts",
  "kubectl logs --namespace iss-prod --selector app.kubernetes.io/name=api --all-containers --previous --tail 50":
    "reads what a pod has written; the API server of the tests has no node",
  "kubectl top pods --namespace iss-prod --containers": "asks what pods take; the API server of the tests has no node",
  "kubectl delete pod poller-65dcfdfff5-kgm9l --namespace router-prod":
    "ends the pod that holds the Lease, which test/cluster/onprem.test.ts does; the API server of the tests has no node",
  "npm run bench:bundle":
    "measures for many minutes, and its figures are those of one machine; a small size is run in test/toolchain/bench-bundle.test.ts",
  "npm run bench:cluster": "measures for many minutes on a cluster, and its figures are those of one machine",
  "npm run bench:preview": "measures for minutes, and its figures are those of one machine",
  "pulumi up --stack staging":
    "creates a whole stack in an account; the same is done with dev in test/sandbox/start.test.ts",
};

/** Transcripts that another test holds to what is printed: test/docs/pages.test.ts, test/cluster/{commands,onprem-command}.test.ts. */
const shownElsewhere = ["npm start", "npx palisade sandbox up --cluster", "npm run onprem"];

// One local AWS at a time, and the count after them all.
configuration();
contributing();
tools();
takenPort();
devStack();
account();
cluster();
bundle();

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
