// Sandbox tests: a second opinion. Asks the local AWS over plain HTTP, past the provider and any SDK that made the resources.

/** XML as objects: an element without children is its text; elements of one name are a list. */
export type Xml = string | { [name: string]: Xml[] };

export type Params = Record<string, string>;

/** Names of the services as AWS's signature knows them, and how they are spoken to. */
const queryVersions = {
  autoscaling: "2011-01-01",
  ec2: "2016-11-15",
  elasticloadbalancing: "2015-12-01",
  iam: "2010-05-08",
  rds: "2014-10-31",
  sns: "2010-03-31",
} as const;

const jsonTargets = {
  acm: "CertificateManager",
  "acm-pca": "ACMPrivateCA",
  "application-autoscaling": "AnyScaleFrontendService",
  budgets: "AWSBudgetServiceGateway",
  cloudtrail: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
  config: "StarlingDoveService",
  dynamodb: "DynamoDB_20120810",
  ecr: "AmazonEC2ContainerRegistry_V20150921",
  ecs: "AmazonEC2ContainerServiceV20141113",
  events: "AWSEvents",
  firehose: "Firehose_20150804",
  kms: "TrentService",
  logs: "Logs_20140328",
  monitoring: "GraniteServiceVersion20100801",
  route53resolver: "Route53Resolver",
  secretsmanager: "secretsmanager",
  servicediscovery: "Route53AutoNaming_v20170314",
  sqs: "AmazonSQS",
  ssm: "AmazonSSM",
  tagging: "ResourceGroupsTaggingAPI_20170126",
  wafv2: "AWSWAF_20190729",
} as const;

export class AwsApi {
  constructor(
    private readonly endpoint: string,
    private readonly region: string,
  ) {}

  /** The same AWS in another region. */
  in(region: string): AwsApi {
    return new AwsApi(this.endpoint, region);
  }

  /** One action of a service with the query protocol, such as EC2. A list that goes on is followed to its end. */
  async query(service: keyof typeof queryVersions, action: string, params: Params = {}): Promise<Xml> {
    const pages: Xml[] = [];
    for (let next: Params | undefined = {}; next; ) {
      const page = await this.queryPage(service, action, { ...params, ...next });
      pages.push(page);
      next = nextPage(page);
    }
    return pages.length === 1 ? (pages[0] ?? "") : { page: pages };
  }

  private async queryPage(service: keyof typeof queryVersions, action: string, params: Params): Promise<Xml> {
    const body = new URLSearchParams({ Action: action, Version: queryVersions[service], ...params });
    const text = await this.send(service, "/", {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: body.toString(),
    });
    return parseXml(text);
  }

  /** One action of a service with the JSON protocol, such as KMS. A list that goes on is followed to its end. */
  async json<T>(service: keyof typeof jsonTargets, action: string, input: object = {}): Promise<T> {
    const text = await this.send(service, "/", {
      method: "POST",
      headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `${jsonTargets[service]}.${action}` },
      body: JSON.stringify(input),
    });
    // What answers nothing may answer `null`.
    const parsed = (JSON.parse(text || "{}") ?? {}) as Record<string, unknown>;
    const { NextToken, nextToken, PaginationToken, ...answer } = parsed;
    if (!NextToken && !nextToken && !PaginationToken) return whole(action, answer as T);
    const next = Object.entries({ NextToken, nextToken, PaginationToken }).filter(([, token]) => token);
    const rest = await this.json<Record<string, unknown>>(service, action, { ...input, ...Object.fromEntries(next) });
    const lists = Object.entries(answer).filter(([, value]) => Array.isArray(value)) as [string, unknown[]][];
    const joined = lists.map(([name, values]) => [name, [...values, ...((rest[name] as unknown[]) ?? [])]]);
    return { ...answer, ...Object.fromEntries(joined) } as T;
  }

  /** A path of a service with the REST protocol, such as S3. */
  async rest(service: "s3" | "route53" | "cloudfront", path: string, method = "GET"): Promise<Xml> {
    return whole(path, parseXml(await this.send(service, path, { method })));
  }

  /** A path of a service with the REST protocol that speaks JSON, such as Lambda; an input makes it a POST, or a PUT. */
  async restJson<T>(
    service: "eks" | "elasticfilesystem" | "guardduty" | "lambda" | "s3" | "securityhub",
    path: string,
    input?: object,
    method: "POST" | "PUT" = "POST",
  ): Promise<T> {
    const request = input && { method, body: JSON.stringify(input) };
    const text = await this.send(service, path, { ...request, headers: { "Content-Type": "application/json" } });
    return whole(path, JSON.parse(text || "{}") as T);
  }

  private async send(service: string, path: string, request: RequestInit): Promise<string> {
    const scope = `local/20260101/${this.region}/${service}/aws4_request`;
    const response = await fetch(`${this.endpoint}${path}`, {
      ...request,
      // The scope says which service is meant; a local AWS checks no signature.
      headers: {
        ...request.headers,
        Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${service} answered ${response.status} to ${path}: ${text.slice(0, 500)}`);
    return text;
  }
}

/** What the next page of an XML answer is asked for with, if there is one. */
function nextPage(page: Xml): Params | undefined {
  const [token] = [...texts(page, "NextToken"), ...texts(page, "nextToken")].filter(Boolean);
  if (token) return { NextToken: token };
  const [marker] = [...texts(page, "NextMarker"), ...texts(page, "Marker")].filter(Boolean);
  return marker ? { Marker: marker } : undefined;
}

/** A list that goes on would hide the rest. */
function whole<T>(action: string, answer: T): T {
  const more = /"(next_?token|(next)?marker)":\[?"[^"]|"is_?truncated":\[?"?true/i;
  if (more.test(JSON.stringify(answer))) throw new Error(`${action} answered one page of several`);
  return answer;
}

/** Parses what AWS writes: no mixed content, and no attribute that matters. */
function parseXml(text: string): Xml {
  const root: { [name: string]: Xml[] } = {};
  const open: { name: string; node: { [name: string]: Xml[] }; text: string }[] = [{ name: "", node: root, text: "" }];
  for (const [, close, name = "", empty, characters] of text.matchAll(
    /<(?:\?[^>]*\?|(\/)?([\w:.-]+)[^>]*?(\/)?)>|([^<]+)/g,
  )) {
    const at = open.at(-1);
    if (!at) break;
    if (characters !== undefined) at.text += characters;
    else if (close) {
      open.pop();
      const value = Object.keys(at.node).length > 0 ? at.node : decodeEntities(at.text.trim());
      add(open.at(-1)?.node ?? root, name, value);
    } else if (empty) add(at.node, name, "");
    else if (name) open.push({ name, node: {}, text: "" });
  }
  return root;
}

function add(node: { [name: string]: Xml[] }, name: string, value: Xml): void {
  node[name] = [...(node[name] ?? []), value];
}

function decodeEntities(text: string): string {
  const characters: Record<string, string> = {
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    "#39": "'",
    "#34": '"',
    amp: "&",
  };
  return text.replace(/&([a-z]+|#\d+);/g, (entity, name: string) => characters[name] ?? entity);
}

/** Every element that a path of names leads to, from wherever its first name stands. */
export function find(xml: Xml, path: string): Xml[] {
  const [first = "", ...rest] = path.split("/");
  return descendants(xml, first).flatMap(start =>
    rest.reduce<Xml[]>(
      (nodes, name) => nodes.flatMap(node => (typeof node === "string" ? [] : (node[name] ?? []))),
      [start],
    ),
  );
}

/** As `find`, the texts alone. */
export function texts(xml: Xml, path: string): string[] {
  return find(xml, path).filter(node => typeof node === "string");
}

function descendants(xml: Xml, name: string): Xml[] {
  if (typeof xml === "string") return [];
  return Object.entries(xml).flatMap(([key, nodes]) =>
    key === name ? nodes : nodes.flatMap(node => descendants(node, name)),
  );
}
