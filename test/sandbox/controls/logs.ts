// Sandbox tests: controls over logs and where they go (RT-23, IS-6, SP-8, SP-9, SP-14, CP-4).
import type { AwsApi } from "../aws-api";
import { type Control, control, customerKey, dev, those } from "./control";

interface LogGroup {
  logGroupName: string;
  retentionInDays?: number;
  kmsKeyId?: string;
  destinations: string[];
}

async function logGroups(api: AwsApi): Promise<[string, LogGroup][]> {
  const { logGroups } = await api.json<{ logGroups: LogGroup[] }>("logs", "DescribeLogGroups");
  return Promise.all(
    logGroups.map(async (group): Promise<[string, LogGroup]> => {
      const { subscriptionFilters } = await api.json<{ subscriptionFilters: { destinationArn: string }[] }>(
        "logs",
        "DescribeSubscriptionFilters",
        { logGroupName: group.logGroupName },
      );
      return [group.logGroupName, { ...group, destinations: subscriptionFilters.map(filter => filter.destinationArn) }];
    }),
  );
}

interface DeliveryStream {
  DeliveryStreamEncryptionConfiguration?: { Status?: string; KeyType?: string; KeyARN?: string };
}

async function deliveryStreams(api: AwsApi): Promise<[string, DeliveryStream][]> {
  const { DeliveryStreamNames } = await api.json<{ DeliveryStreamNames: string[] }>("firehose", "ListDeliveryStreams");
  return Promise.all(
    DeliveryStreamNames.map(async (name): Promise<[string, DeliveryStream]> => {
      const answer = await api.json<{ DeliveryStreamDescription: DeliveryStream }>(
        "firehose",
        "DescribeDeliveryStream",
        {
          DeliveryStreamName: name,
        },
      );
      return [name, answer.DeliveryStreamDescription];
    }),
  );
}

/** Those that a specification wants, by the name under which it is looked for: one that is missing is a finding. */
const expected = (wanted: readonly string[]) => async (api: AwsApi) => {
  const found = new Map(await logGroups(api));
  return wanted.map((name): [string, LogGroup | undefined] => [name, found.get(name)]);
};

const reaches = (group: LogGroup | undefined, stream: RegExp) =>
  group?.destinations.some(arn => stream.test(arn.split("/").at(-1) ?? "")) === true;

const compliance = those(logGroups, name => /^\/palisade\/dev\/scriptpulse\/.*\/?compliance$/.test(name));

export const logControls: readonly Control[] = [
  control("RT-23", "log groups keep what they must, encrypted, and send it on", logGroups, {
    "is kept as long as the stack says": group => group.retentionInDays === dev.logDays,
    "is encrypted": group => customerKey(group.kmsKeyId),
    "goes to the archive": group => group.destinations.some(arn => /-(logs|compliance)-archive-/.test(arn)),
    "goes to the SIEM": group => group.destinations.some(arn => /-(logs|compliance)-siem-/.test(arn)),
  }),
  control("SA-7", "logs are encrypted on their way to the sink", deliveryStreams, {
    "has a customer's key": ({ DeliveryStreamEncryptionConfiguration: encryption }) =>
      encryption?.Status === "ENABLED" && customerKey(encryption.KeyARN),
  }),
  control(
    "IS-6",
    "forensic and constitutional records reach the sink as the application's do",
    expected(["/palisade/dev/iss/api", "/palisade/dev/iss/api/audit", "/palisade/dev/iss/api/compliance"]),
    {
      "reaches the archive": group => reaches(group, /^palisade-dev-logs-archive-/),
      "reaches the SIEM": group => reaches(group, /^palisade-dev-logs-siem-/),
    },
  ),
  control(
    "SP-9",
    "each tenant has log groups of its own",
    expected(
      dev.tenants.flatMap(tenant =>
        ["application", "compliance"].map(log => `/palisade/dev/scriptpulse/tenants/${tenant}/${log}`),
      ),
    ),
    { "is encrypted": group => customerKey(group?.kmsKeyId) },
  ),
  control("SP-14", "compliance records go to the locked archive of their own", compliance, {
    "reaches that archive": group => reaches(group, /^scriptpulse-dev-compliance-archive-/),
    "reaches no other": group => !reaches(group, /^palisade-dev-logs-archive-/),
  }),
  control(
    "CP-4",
    "the machine, its sessions, the renderer and the approvals write to CloudWatch",
    expected([
      "/palisade/dev/content-pipeline/editorbot",
      "/palisade/dev/content-pipeline/editorbot/sessions",
      "/palisade/dev/content-pipeline/renderer",
      "/palisade/dev/content-pipeline/approval-release",
      "/aws/events/palisade/dev/content-pipeline/approvals",
    ]),
    { "is there and encrypted": group => customerKey(group?.kmsKeyId) },
  ),
];
