// AWS components: the one place where a program names its AWS API, region and default tags.
import { Provider } from "@pulumi/aws/provider";
import type { input } from "@pulumi/aws/types";
import type * as pulumi from "@pulumi/pulumi";

export interface ProviderArgs {
  /** Region of every resource that names no other, such as `eu-central-1`. */
  region: string;
  /** Account the credentials must belong to; any other is refused before the first call. Left out: any account. */
  accountId?: pulumi.Input<string>;
  /** URL of an AWS API on the loopback interface, for dev, such as `http://127.0.0.1:5000`. Left out: AWS itself. */
  localEndpoint?: string;
  /** Tags of every resource that can carry tags. */
  tags: Record<string, pulumi.Input<string>>;
}

/** The APIs the platform calls. One missing here is refused in a local stack. */
const services = [
  "acm",
  "acmpca",
  "appautoscaling",
  "autoscaling",
  "budgets",
  "cloudfront",
  "cloudtrail",
  "cloudwatch",
  "configservice",
  "dynamodb",
  "ec2",
  "ecr",
  "ecs",
  "efs",
  "eks",
  "elb",
  "elbv2",
  "events",
  "firehose",
  "guardduty",
  "iam",
  "kms",
  "lambda",
  "logs",
  "rds",
  "route53",
  "route53resolver",
  "s3",
  "s3control",
  "secretsmanager",
  "securityhub",
  "servicediscovery",
  "sns",
  "sqs",
  "ssm",
  "sts",
  "wafv2",
] as const satisfies readonly (keyof input.ProviderEndpoint)[];

/**
 * The AWS provider of a stack; give it to components as `{ provider }`. Credentials come from the environment, never from here.
 * @throws Error if `localEndpoint` is not on the loopback interface.
 */
export function createProvider(name: string, args: ProviderArgs, options?: pulumi.ResourceOptions): Provider {
  return new Provider(
    name,
    {
      region: args.region,
      defaultTags: { tags: args.tags },
      ...(args.localEndpoint === undefined ? guard(args) : local(args.localEndpoint)),
    },
    options,
  );
}

function guard({ accountId }: ProviderArgs) {
  return accountId === undefined ? {} : { allowedAccountIds: [accountId] };
}

/**
 * The local API has no credentials to check, no metadata service and no virtual-hosted buckets; what it lacks answers 500, so
 * retries are few. What would not go to it by address goes to it as the proxy: S3 Control, which puts the account before the
 * host's name, and the API of a service missing above, which it refuses. So nothing reaches AWS from a local stack.
 */
function local(endpoint: string) {
  requireLoopback(endpoint);
  return {
    accessKey: "local",
    secretKey: "local",
    skipCredentialsValidation: true,
    skipMetadataApiCheck: true,
    s3UsePathStyle: true,
    maxRetries: 2,
    endpoints: [Object.fromEntries(services.map(service => [service, endpoint]))],
    httpProxy: endpoint,
    httpsProxy: endpoint,
    noProxy: "127.0.0.1",
  };
}

/** Whole deployments, secrets included, go to this address, and nothing proves who answers there. */
function requireLoopback(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const web = url?.protocol === "http:" || url?.protocol === "https:";
  if (!url || !web || !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    throw new Error(
      `\`localEndpoint\` is \`${endpoint}\`; allowed is an http or https URL on \`localhost\`, \`127.0.0.0/8\` or \`[::1]\``,
    );
}
