// AWS components: the private certificate authority behind TLS between services, and the role ECS uses it with (SA-6, SA-13).
import * as acmpca from "@pulumi/aws/acmpca";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { policyJson } from "./statements";

export interface ServiceCertificateAuthorityArgs {
  region: string;
  accountId: pulumi.Input<string>;
  /** Encrypts the private keys that ECS keeps in Secrets Manager (SA-7). */
  secretsKeyArn: pulumi.Input<string>;
  /** Common name of the authority that is made. Needs no DNS. Needed unless `authorityArn` is given. */
  commonName?: string;
  /** Authority to use instead of making one, shared by several environments. It carries the tag `AmazonECSManaged: true`. */
  authorityArn?: pulumi.Input<string>;
  /** Years the root certificate is valid; default 10. Certificates of services live seven days. */
  validityYears?: number;
}

/** Service Connect takes RSA 2048 and ECDSA P-256. */
const keyAlgorithm = "RSA_2048";
const signingAlgorithm = "SHA256WITHRSA";

/** @throws Error unless exactly one of `commonName` and `authorityArn` is given. */
export class ServiceCertificateAuthority extends pulumi.ComponentResource {
  /** ARN of the authority, known once it can issue certificates. */
  readonly arn: pulumi.Output<string>;
  /** Role with which ECS issues and keeps the certificates of services, known once its policy is attached. */
  readonly roleArn: pulumi.Output<string>;

  constructor(name: string, args: ServiceCertificateAuthorityArgs, options?: pulumi.ComponentResourceOptions) {
    requireOne(args);
    super("palisade:aws:ServiceCertificateAuthority", name, {}, options);

    this.arn = args.commonName
      ? this.makeAuthority(name, args.commonName, args.validityYears ?? 10)
      : pulumi.output(args.authorityArn ?? "");

    const role = new iam.Role(
      logicalName(name, "role"),
      { description: "ECS issues certificates for TLS between services", assumeRolePolicy: policyJson([trust(args)]) },
      { parent: this },
    );
    const policy = new iam.RolePolicy(
      name,
      { role: role.name, policy: policyJson([...issuing(this.arn), ...keeping(args)]) },
      { parent: this },
    );
    this.roleArn = pulumi.all([role.arn, policy.id]).apply(([arn]) => arn);
    this.registerOutputs({ arn: this.arn, roleArn: this.roleArn });
  }

  /** A root authority for short-lived certificates: they expire before a revocation list would be read. */
  private makeAuthority(name: string, commonName: string, validityYears: number): pulumi.Output<string> {
    const authority = new acmpca.CertificateAuthority(
      name,
      {
        type: "ROOT",
        usageMode: "SHORT_LIVED_CERTIFICATE",
        certificateAuthorityConfiguration: { keyAlgorithm, signingAlgorithm, subject: { commonName } },
        // The longest regret AWS grants: whatever the authority signed is void once it is gone.
        permanentDeletionTimeInDays: 30,
        // ECS uses authorities with this tag and no others.
        tags: { AmazonECSManaged: "true" },
      },
      { parent: this },
    );
    const root = new acmpca.Certificate(
      name,
      {
        certificateAuthorityArn: authority.arn,
        certificateSigningRequest: authority.certificateSigningRequest,
        signingAlgorithm,
        templateArn: "arn:aws:acm-pca:::template/RootCACertificate/V1",
        validity: { type: "YEARS", value: String(validityYears) },
      },
      { parent: this },
    );
    const installed = new acmpca.CertificateAuthorityCertificate(
      name,
      { certificateAuthorityArn: authority.arn, certificate: root.certificate },
      { parent: this },
    );
    return installed.certificateAuthorityArn;
  }
}

function trust({ region, accountId }: ServiceCertificateAuthorityArgs): iam.PolicyStatement {
  return {
    Effect: "Allow",
    Principal: { Service: "ecs.amazonaws.com" },
    Action: "sts:AssumeRole",
    Condition: {
      StringEquals: { "aws:SourceAccount": accountId },
      ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:ecs:${region}:${accountId}:*` },
    },
  };
}

/** AWS's managed policy for this role, held to one authority instead of every tagged one. */
function issuing(authorityArn: pulumi.Output<string>): iam.PolicyStatement[] {
  return [
    {
      Effect: "Allow",
      Action: [
        "acm-pca:GetCertificate",
        "acm-pca:GetCertificateAuthorityCertificate",
        "acm-pca:DescribeCertificateAuthority",
      ],
      Resource: authorityArn,
    },
    {
      Effect: "Allow",
      Action: "acm-pca:IssueCertificate",
      Resource: authorityArn,
      // Certificates of services only, never of further authorities.
      Condition: { StringEquals: { "acm-pca:TemplateArn": "arn:aws:acm-pca:::template/EndEntityCertificate/V1" } },
    },
  ];
}

/** The secrets Service Connect keeps certificates in, all of which begin with `ecs-sc!`, and the key that encrypts them. */
function keeping({ region, accountId, secretsKeyArn }: ServiceCertificateAuthorityArgs): iam.PolicyStatement[] {
  const secrets = pulumi.interpolate`arn:aws:secretsmanager:${region}:${accountId}:secret:ecs-sc!*`;
  return [
    {
      Effect: "Allow",
      Action: ["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
      Resource: secrets,
      Condition: {
        ArnLike: {
          "aws:RequestTag/AmazonECSCreated": pulumi.interpolate`arn:aws:ecs:${region}:${accountId}:service/*/*`,
        },
        StringEquals: { "aws:RequestTag/AmazonECSManaged": "true" },
      },
    },
    {
      Effect: "Allow",
      Action: [
        "secretsmanager:UpdateSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:DeleteSecret",
        "secretsmanager:RotateSecret",
        "secretsmanager:UpdateSecretVersionStage",
      ],
      Resource: secrets,
      Condition: { StringEquals: { "secretsmanager:ResourceTag/aws:secretsmanager:owningService": "ecs-sc" } },
    },
    { Effect: "Allow", Action: "secretsmanager:DescribeSecret", Resource: secrets },
    {
      Effect: "Allow",
      Action: ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:DescribeKey"],
      Resource: secretsKeyArn,
    },
  ];
}

function requireOne({ commonName, authorityArn }: ServiceCertificateAuthorityArgs): void {
  if (Boolean(commonName) === Boolean(authorityArn))
    throw new Error(
      `\`commonName\` and \`authorityArn\` are ${commonName ? "both" : "neither"} given; allowed is one: the first makes an authority, the second uses one`,
    );
}
