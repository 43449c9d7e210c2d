// AWS components: a browser application that the platform publishes itself: a private bucket behind CloudFront (SA-6, SA-7, SA-11).
import * as cloudfront from "@pulumi/aws/cloudfront";
import * as kms from "@pulumi/aws/kms";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import { EdgeCertificate } from "./edge-certificate";
import { administration } from "./keys";
import { SecureBucket } from "./secure-bucket";
import { policyJson } from "./statements";

export interface StaticFrontendArgs {
  /** Host name it is served under, such as `www.example.com`. */
  hostName: string;
  /** Public hosted zone that holds the name. */
  hostedZoneId: pulumi.Input<string>;
  /** Origin of the API, such as `https://app.example.com`: the only other place the browser may call. */
  apiOrigin: string;
  accountId: pulumi.Input<string>;
  /** Provider of us-east-1, the one region CloudFront takes certificates from. */
  northVirginia: pulumi.ProviderResource;
  /** Days a deleted key can still be called back, 7 to 30 (SA-7). */
  keyDeletionDays: number;
  /** Wait until the certificate is issued and CloudFront has spread the change. False where neither ever happens. */
  awaitReality: boolean;
  /** Delete the published files together with the bucket. Dev only. */
  forceDestroy: boolean;
}

/**
 * Only files are served, so there is no firewall in front of them; the API has the edge's. A pipeline publishes by writing to
 * the bucket and invalidating the distribution.
 */
export class StaticFrontend extends pulumi.ComponentResource {
  /** Where a pipeline publishes to. */
  readonly bucketName: pulumi.Output<string>;
  readonly distributionId: pulumi.Output<string>;

  constructor(name: string, args: StaticFrontendArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:StaticFrontend", name, {}, options);
    const child = { parent: this };

    const key = new kms.Key(
      name,
      {
        description: `Published files of ${name}`,
        policy: policyJson([administration(args), asCloudFront(args, ["kms:Decrypt"], "*")]),
        enableKeyRotation: true,
        deletionWindowInDays: args.keyDeletionDays,
      },
      child,
    );
    const bucket = new SecureBucket(
      name,
      {
        keyArn: key.arn,
        statements: bucketArn => [asCloudFront(args, ["s3:GetObject"], pulumi.interpolate`${bucketArn}/*`)],
        forceDestroy: args.forceDestroy,
      },
      child,
    );
    const certificate = new EdgeCertificate(
      name,
      { hostNames: [args.hostName], hostedZoneId: args.hostedZoneId, validate: args.awaitReality },
      { parent: this, provider: args.northVirginia },
    );
    const distribution = this.distribution(name, args, bucket, certificate.arn);
    for (const type of ["A", "AAAA"])
      new route53.Record(
        `${name}-${type.toLowerCase()}`,
        {
          zoneId: args.hostedZoneId,
          name: args.hostName,
          type,
          aliases: [{ name: distribution.domainName, zoneId: distribution.hostedZoneId, evaluateTargetHealth: false }],
        },
        child,
      );

    this.bucketName = bucket.name;
    this.distributionId = distribution.id;
    this.registerOutputs({ bucketName: this.bucketName, distributionId: this.distributionId });
  }

  private distribution(
    name: string,
    { hostName, apiOrigin, awaitReality }: StaticFrontendArgs,
    bucket: SecureBucket,
    certificateArn: pulumi.Output<string>,
  ): cloudfront.Distribution {
    const access = new cloudfront.OriginAccessControl(
      name,
      { originAccessControlOriginType: "s3", signingBehavior: "always", signingProtocol: "sigv4" },
      { parent: this },
    );
    const headers = new cloudfront.ResponseHeadersPolicy(
      name,
      { securityHeadersConfig: securityHeaders(apiOrigin) },
      { parent: this },
    );
    return new cloudfront.Distribution(
      name,
      {
        enabled: true,
        comment: name,
        aliases: [hostName],
        isIpv6Enabled: true,
        httpVersion: "http2and3",
        defaultRootObject: "index.html",
        origins: [{ originId: "files", domainName: bucket.regionalDomainName, originAccessControlId: access.id }],
        defaultCacheBehavior: {
          targetOriginId: "files",
          viewerProtocolPolicy: "redirect-to-https",
          allowedMethods: ["GET", "HEAD"],
          cachedMethods: ["GET", "HEAD"],
          compress: true,
          cachePolicyId: cachingOptimized,
          responseHeadersPolicyId: headers.id,
        },
        // The application routes in the browser: a path that is no file is one of its pages.
        customErrorResponses: [403, 404].map(errorCode => ({
          errorCode,
          responseCode: 200,
          responsePagePath: "/index.html",
          errorCachingMinTtl: 10,
        })),
        viewerCertificate: {
          acmCertificateArn: certificateArn,
          sslSupportMethod: "sni-only",
          minimumProtocolVersion: "TLSv1.2_2021",
        },
        restrictions: { geoRestriction: { restrictionType: "none" } },
        waitForDeployment: awaitReality,
      },
      { parent: this, dependsOn: [...bucket.protection] },
    );
  }
}

/** AWS's managed cache policy `CachingOptimized`; its id is the same in every account. */
const cachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6";

const twoYears = 63_072_000;

/** What the browser is told about every file: TLS only, no frames, no scripts but its own, no calls but to the API. */
function securityHeaders(apiOrigin: string) {
  const policy = [
    "default-src 'self'",
    `connect-src 'self' ${apiOrigin}`,
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join("; ");
  return {
    strictTransportSecurity: { accessControlMaxAgeSec: twoYears, includeSubdomains: true, override: true },
    contentTypeOptions: { override: true },
    frameOptions: { frameOption: "DENY", override: true },
    referrerPolicy: { referrerPolicy: "strict-origin-when-cross-origin", override: true },
    contentSecurityPolicy: { contentSecurityPolicy: policy, override: true },
  };
}

/** What CloudFront does for distributions of this account. Which one is not known before the bucket is there. */
function asCloudFront(
  { accountId }: Pick<StaticFrontendArgs, "accountId">,
  actions: string[],
  resource: pulumi.Input<string>,
) {
  return {
    Sid: "DistributionsOfTheAccount",
    Effect: "Allow" as const,
    Principal: { Service: "cloudfront.amazonaws.com" },
    Action: actions,
    Resource: resource,
    Condition: {
      StringEquals: { "aws:SourceAccount": accountId },
      ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:cloudfront::${accountId}:distribution/*` },
    },
  };
}
