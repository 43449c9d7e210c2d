// Sandbox tests: controls over queues and approvals: nothing is rendered that nobody released (CP-11, CP-12).
import { type AwsApi, texts } from "../aws-api";
import { type Control, control, customerKey, denies, first, statements, those, withoutSuffix } from "./control";

interface Queue {
  QueueArn: string;
  KmsMasterKeyId?: string;
  Policy?: string;
  RedrivePolicy?: string;
}

async function queues(api: AwsApi): Promise<[string, Queue][]> {
  const { QueueUrls } = await api.json<{ QueueUrls: string[] }>("sqs", "ListQueues");
  return Promise.all(
    QueueUrls.map(async (QueueUrl): Promise<[string, Queue]> => {
      const { Attributes } = await api.json<{ Attributes: Queue }>("sqs", "GetQueueAttributes", {
        QueueUrl,
        AttributeNames: ["All"],
      });
      return [withoutSuffix(QueueUrl.split("/").at(-1) ?? ""), Attributes];
    }),
  );
}

const isDead = (name: string) => name.endsWith("-dead");

interface Automation {
  assumeRole: string;
  mainSteps: { action: string; onFailure?: string; isEnd?: boolean; inputs: Record<string, unknown> }[];
}

/** The one automation that asks people, and the role it acts in. */
async function automations(api: AwsApi): Promise<[string, Automation][]> {
  const { DocumentIdentifiers } = await api.json<{ DocumentIdentifiers: { Name: string }[] }>("ssm", "ListDocuments", {
    Filters: [
      { Key: "Owner", Values: ["Self"] },
      { Key: "DocumentType", Values: ["Automation"] },
    ],
  });
  return Promise.all(
    DocumentIdentifiers.map(async ({ Name }): Promise<[string, Automation]> => {
      const { Content } = await api.json<{ Content: string }>("ssm", "GetDocument", { Name });
      return [withoutSuffix(Name), JSON.parse(Content) as Automation];
    }),
  );
}

/** The queue of released work, with the role of the automation that releases it. */
async function released(api: AwsApi): Promise<[string, Queue & { role?: string }][]> {
  const [automation] = await automations(api);
  return (await queues(api))
    .filter(([name]) => name === "content-pipeline-dev-render")
    .map(([name, queue]) => [name, { ...queue, role: automation?.[1].assumeRole }]);
}

interface HandOff {
  prefix?: string;
  /** Name of the queue that is told of new objects. */
  queue: string;
  mappings: { EventSourceArn: string; State: string; FunctionResponseTypes?: string[] }[];
}

async function handOffs(api: AwsApi): Promise<[string, HandOff][]> {
  const buckets = texts(await api.rest("s3", "/"), "Buckets/Bucket/Name").filter(name =>
    /^content-pipeline-dev-artifacts-[0-9a-f]{7}$/.test(name),
  );
  const { EventSourceMappings } = await api.restJson<{ EventSourceMappings: HandOff["mappings"] }>(
    "lambda",
    "/2015-03-31/event-source-mappings/",
  );
  return Promise.all(
    buckets.map(async (name): Promise<[string, HandOff]> => {
      const at = first(await api.rest("s3", `/${name}?notification`));
      const queue = at("QueueConfiguration/Queue") ?? "";
      return [
        name,
        {
          prefix: at("FilterRule/Value"),
          queue: withoutSuffix(queue.split(":").at(-1) ?? ""),
          mappings: EventSourceMappings.filter(({ EventSourceArn }) => EventSourceArn === queue),
        },
      ];
    }),
  );
}

export const approvalControls: readonly Control[] = [
  control("CP-12", "queues are encrypted and refuse plain HTTP", queues, {
    "has a customer's key": ({ KmsMasterKeyId }) => customerKey(KmsMasterKeyId),
    "refuses plain HTTP": ({ Policy }) =>
      denies(Policy, "sqs:SendMessage", { Bool: { "aws:SecureTransport": "false" } }),
  }),
  control(
    "CP-12",
    "what fails five times is set aside",
    those(queues, name => !isDead(name)),
    {
      "has a dead-letter queue": ({ RedrivePolicy, QueueArn }) => {
        const { deadLetterTargetArn = "", maxReceiveCount } = JSON.parse(RedrivePolicy ?? "{}") as {
          deadLetterTargetArn?: string;
          maxReceiveCount?: number;
        };
        return withoutSuffix(deadLetterTargetArn) === `${withoutSuffix(QueueArn)}-dead` && maxReceiveCount === 5;
      },
    },
  ),
  control("CP-11", "nobody sends to the renderer but the approved automation", released, {
    "refuses everybody else": ({ Policy, role }) =>
      role !== undefined && denies(Policy, "sqs:SendMessage", { ArnNotEquals: { "aws:PrincipalArn": role } }),
    "invites nobody": ({ Policy }) => statements(Policy).every(({ Effect }) => Effect === "Deny"),
  }),
  control("CP-11", "a person decides first, and it is recorded before anything is released", automations, {
    "asks first": ({ mainSteps: [first] }) =>
      first?.action === "aws:approve" &&
      first.onFailure === "Abort" &&
      JSON.stringify(first.inputs.Approvers) === JSON.stringify(["arn:aws:iam::123456789012:role/editor"]),
    "records before it releases": ({ mainSteps }) => {
      const record = mainSteps.findIndex(({ inputs }) => inputs.Api === "PutEvents");
      const release = mainSteps.findIndex(({ inputs }) => inputs.Api === "SendMessage");
      return record > 0 && release === mainSteps.length - 1 && record < release;
    },
    "stops where a step fails": ({ mainSteps }) => mainSteps.every(({ onFailure }) => onFailure === "Abort"),
  }),
  control("CP-11", "each new script is put before its approvers", handOffs, {
    "is told of scripts": ({ prefix, queue }) =>
      prefix === "scripts/" && queue === "content-pipeline-dev-release-hand-off",
    "hands each on": ({ mappings }) =>
      mappings.length === 1 &&
      mappings.every(
        ({ State, FunctionResponseTypes }) =>
          State === "Enabled" && FunctionResponseTypes?.includes("ReportBatchItemFailures") === true,
      ),
  }),
];
