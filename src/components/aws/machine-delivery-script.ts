// AWS components: the script that a delivery runs on a machine. Pull by digest, restart in order, wait for health, or go back (CP-9). Pure.
import type { Service } from "../../workload/workload";
import { type MachinePaths, machinePaths, shellWord, unitsOf } from "./machine-settings";

export interface DeliveryScriptArgs {
  serviceName: string;
  service: Service;
  region: string;
  /** Repository of the image, without tag or digest. */
  repositoryUrl: string;
  logGroupName: string;
  /** What takes the place of the digest and of the git commit; SSM fills them in. */
  imageDigest: string;
  gitSha: string;
  /** Default those of a machine. */
  paths?: MachinePaths;
  /** Seconds: between two looks at a unit, and how long one without a health check must run; default 5 and 15. */
  pollSeconds?: number;
  settleSeconds?: number;
}

/** Seconds that a unit has to become healthy: its grace, and then as many probes as it may fail. */
export function healthSeconds({ health }: Pick<Service, "health">): number {
  return health
    ? health.graceSeconds + (health.unhealthyAfter + 1) * (health.intervalSeconds + health.timeoutSeconds)
    : 60;
}

/**
 * Text of the script. It carries no braces in pairs: Systems Manager would take them for parameters of the document.
 *
 * A delivery of what runs already changes nothing, so it may be repeated; two at a time wait for each other. What it did
 * goes to the service's log group, in a stream of its own.
 */
export function deliveryScript(args: DeliveryScriptArgs): string {
  const { library, releases, memory } = args.paths ?? machinePaths;
  const registry = args.repositoryUrl.split("/")[0] ?? "";
  return `#!/bin/bash
# Delivers one image to this machine (CP-9). Run it with a former digest to go back.
set -uo pipefail
digest='${args.imageDigest}'
sha='${args.gitSha}'
repository=${shellWord(args.repositoryUrl)}
region=${shellWord(args.region)}
units=(${unitsOf(args.serviceName, args.service).map(shellWord).join(" ")})
release=${releases}/release
former=${releases}/former
events=''

note() {
  echo "$1"
  events="$events,{\\"timestamp\\":$(date +%s)000,\\"message\\":\\"delivery: $1\\"}"
}

report() {
  local stream
  stream="delivery/$(hostname -s)/$(date +%s)-$$"
  aws logs create-log-stream --region "$region" --log-group-name ${shellWord(args.logGroupName)} \\
    --log-stream-name "$stream" &&
    aws logs put-log-events --region "$region" --log-group-name ${shellWord(args.logGroupName)} \\
      --log-stream-name "$stream" --log-events "[\${events#,}]" >/dev/null
}
trap report EXIT

fail() {
  note "$1"
  exit 1
}

# Waits for a unit: healthy, or running long enough where it has no health check.
healthy() {
  local deadline=$((SECONDS + ${healthSeconds(args.service)}))
  while ((SECONDS <= deadline)); do
    case $(${library}/state "$1") in
      healthy) return 0 ;;
      unhealthy) return 1 ;;
      running)
        sleep ${args.settleSeconds ?? 15}
        [ "$(${library}/state "$1")" = running ] && return 0
        ;;
    esac
    sleep ${args.pollSeconds ?? 5}
  done
  return 1
}

restart() {
  local unit
  for unit in "\${units[@]}"; do
    systemctl reset-failed "$unit" 2>/dev/null
    systemctl restart "$unit" || return 1
    healthy "$unit" || return 1
    note "$unit is healthy"
  done
}

# The whole file or none of it, on disk before anything relies on it.
put() {
  cp "$1" "$2.new" && sync "$2.new" && mv "$2.new" "$2"
}

[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "the digest is none; nothing was changed"
[[ $sha =~ ^[0-9a-f]{40}$ ]] || fail "the git commit is none; nothing was changed"

# A machine that has just come up is still installing Docker.
cloud-init status --wait >/dev/null
case $? in
  # Two is a machine that came up with warnings.
  0 | 2) ;;
  *) fail "the machine did not come up as it should; see cloud-init; nothing was changed" ;;
esac
exec 9>${memory}/delivery.lock
flock 9 || fail "another delivery holds the machine; nothing was changed"

wanted=$(mktemp) || exit 1
printf 'IMAGE=%s\\nGIT_SHA=%s\\n' "$repository@$digest" "$sha" >"$wanted"
chmod 644 "$wanted"
if cmp -s "$wanted" "$release"; then
  running=yes
  for unit in "\${units[@]}"; do healthy "$unit" || running=no; done
  if [ "$running" = yes ]; then
    rm "$wanted"
    note "$digest of $sha runs already"
    exit 0
  fi
fi

export DOCKER_CONFIG=${memory}/docker
aws ecr get-login-password --region "$region" |
  docker login --username AWS --password-stdin ${shellWord(registry)} >/dev/null ||
  fail "the registry lets nobody in; nothing was changed"
docker pull --quiet "$repository@$digest" || fail "$digest cannot be pulled; nothing was changed"

rm -f "$former"
if [ -f "$release" ]; then put "$release" "$former" || fail "the disk takes no release file; nothing was changed"; fi
put "$wanted" "$release" || fail "the disk takes no release file; nothing was changed"
rm "$wanted"

if restart; then
  docker image prune --all --force --filter until=336h >/dev/null
  note "$digest of $sha is delivered"
  exit 0
fi
if [ ! -f "$former" ]; then
  rm "$release"
  systemctl stop "\${units[@]}"
  fail "$digest does not become healthy, and nothing ran before; the units are stopped"
fi
note "$digest does not become healthy; going back"
if ! put "$former" "$release" || ! restart; then fail "what ran before does not become healthy either"; fi
fail "$digest is not delivered; what ran before runs again"
`;
}
