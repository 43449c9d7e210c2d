// AWS components: the scripts of a machine. Each does one thing and stops at the first thing that goes wrong. Pure.
import { boundArguments, credentialsFile, healthArguments, trailingArguments } from "./machine-container";
import {
  type MachinePaths,
  type MachineSettings,
  machinePaths,
  shellWord,
  unitsMetric,
  unitsOf,
} from "./machine-settings";
import { metricNamespace } from "./metrics";

export type ScriptName = "credentials" | "environment" | "run" | "state" | "stop" | "watch";

/** The settings, as shell variables that every script reads. */
export function settingsFile(settings: MachineSettings): string {
  const dimensions = Object.entries(settings.metricDimensions).map(([name, value]) => `${name}=${value}`);
  const variables = {
    SERVICE: settings.serviceName,
    REGION: settings.region,
    PARAMETERS: settings.parameterPath,
    SECRETS: settings.secretNames.join(" "),
    PROCESS_ROLE: settings.processRoleArn,
    UNITS: unitsOf(settings.serviceName, settings.service).join(" "),
    RELEASE_VARIABLES: settings.releaseVariables.join(" "),
    DIMENSIONS: dimensions.join(","),
  };
  return lines(Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}`));
}

/** Variables of the process, as Docker reads them. @throws Error for a value that has more than one line. */
export function environmentFile({ environment }: Pick<MachineSettings, "environment">): string {
  const entries = Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of entries)
    if (/[\r\n]/.test(value))
      throw new Error(`variable \`${name}\` has more than one line; a machine passes variables of one line each`);
  return lines(entries.map(([name, value]) => `${name}=${value}`));
}

export function machineScripts(
  settings: MachineSettings,
  paths: MachinePaths = machinePaths,
): Record<ScriptName, string> {
  return {
    credentials: credentials(paths),
    environment: secrets(paths),
    run: run(settings, paths),
    state,
    stop,
    watch: watch(paths),
  };
}

const head = (says: string, { settings }: Pick<MachinePaths, "settings">) => `#!/bin/bash
# ${says}
set -euo pipefail
. ${settings}`;

/** Docker takes no `@` in a name. */
const containerOf = `name=\${unit%.service}
name=\${name//@/_at_}`;

const secrets = (
  paths: MachinePaths,
) => `${head("Fetches the secrets of the service into memory, at each start of a unit (CP-5).", paths)}
umask 077
target=${paths.memory}/$SERVICE.env
new=$(mktemp "$target.XXXXXX")
trap 'rm -f "$new"' EXIT
if [ -n "$SECRETS" ]; then
  aws ssm get-parameters-by-path --region "$REGION" --path "$PARAMETERS" --with-decryption --output json |
    SECRETS=$SECRETS PARAMETERS=$PARAMETERS python3 -c '
import json, os, sys
found = {p["Name"].rsplit("/", 1)[1]: p["Value"] for p in json.load(sys.stdin)["Parameters"]}
wanted = os.environ["SECRETS"].split()
missing = [name for name in wanted if name not in found]
if missing:
    sys.exit("no parameter " + ", ".join(os.environ["PARAMETERS"] + "/" + name for name in missing))
several = [name for name in wanted if len(found[name].splitlines()) != 1]
if several:
    sys.exit("not one line each: " + ", ".join(several))
for name in wanted:
    print(name + "=" + found[name])
' >"$new"
fi
mv "$new" "$target"
`;

const credentials = (
  paths: MachinePaths,
) => `${head("Takes the role of the process, and puts its credentials where the process asks for them (CP-3).", paths)}
umask 027
target=${paths.memory}/credentials/${credentialsFile}
new=$(mktemp "$target.XXXXXX")
trap 'rm -f "$new"' EXIT
AWS_STS_REGIONAL_ENDPOINTS=regional aws sts assume-role --region "$REGION" --role-arn "$PROCESS_ROLE" \\
  --role-session-name "$(hostname -s)" --duration-seconds 3600 --output json \\
  --query 'Credentials.{AccessKeyId: AccessKeyId, SecretAccessKey: SecretAccessKey, Token: SessionToken, Expiration: Expiration}' >"$new"
chgrp palisade "$new"
chmod 640 "$new"
mv "$new" "$target"
`;

function run(settings: MachineSettings, paths: MachinePaths): string {
  const { service } = settings;
  const { checkCommand } = service.lifecycle;
  const words = (all: string[]) => all.map(word => ` \\\n  ${shellWord(word)}`).join("");
  const check = checkCommand
    ? `docker run --rm --name "$name-check" "\${bounds[@]}" "$IMAGE"${words(trailingArguments(service, checkCommand))}\n`
    : "";
  return `${head("Runs the container of one unit, from the image that was delivered last.", paths)}
. ${paths.releases}/release
unit=$1
${containerOf}
bounds=(${words(boundArguments(settings, paths))} \\
  "--env=PALISADE_UNIT=$unit")
for variable in $RELEASE_VARIABLES; do
  bounds+=("--env=$variable=$GIT_SHA")
done
docker rm --force "$name" "$name-check" >/dev/null 2>&1 || true
${check}exec docker run --rm --name "$name" "\${bounds[@]}"${words(healthArguments(settings))} \\
  "$IMAGE"${words(trailingArguments(service))}
`;
}

const state = `#!/bin/bash
# Prints how the container of a unit is: healthy, unhealthy or starting, without a health check as Docker says, or absent.
set -uo pipefail
unit=$1
${containerOf}
state=$(docker inspect --format '{{with .State.Health}}{{.Status}}{{else}}{{.State.Status}}{{end}}' "$name" 2>/dev/null) || state=absent
echo "$state"
`;

const stop = `#!/bin/bash
# Lets the container of a unit drain for so many seconds, and then ends it (RT-4).
set -euo pipefail
unit=$1
${containerOf}
docker stop --time "$2" "$name"
`;

const watch = (
  paths: MachinePaths,
) => `${head("Restarts what is unhealthy, and reports how many units run (RT-2, RT-5).", paths)}
running=0
for unit in $UNITS; do
  case $(${paths.library}/state "$unit") in
    healthy | running) running=$((running + 1)) ;;
    unhealthy) systemctl restart --no-block "$unit" || true ;;
  esac
done
aws cloudwatch put-metric-data --region "$REGION" --namespace ${metricNamespace} \\
  --metric-name ${unitsMetric} --dimensions "$DIMENSIONS" --value "$running" --unit Count
`;

function lines(all: readonly string[]): string {
  return all.map(line => `${line}\n`).join("");
}
