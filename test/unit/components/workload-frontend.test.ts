import type * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { createProvider } from "../../../src/components/aws/provider";
import { WorkloadFrontend, type WorkloadFrontendArgs } from "../../../src/components/aws/workload-frontend";
import { only, type Registered, record } from "../record";
import { recordTypes, statementsOf } from "./samples";

const types = [
  "aws:acm/certificate:Certificate",
  "aws:acm/certificateValidation:CertificateValidation",
  "aws:cloudfront/distribution:Distribution",
  "aws:cloudfront/originAccessControl:OriginAccessControl",
  "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
  "aws:kms/key:Key",
  "aws:route53/record:Record",
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
  "aws:s3/bucketPolicy:BucketPolicy",
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  "aws:s3/bucketVersioning:BucketVersioning",
  "pulumi:providers:aws",
];

const args = {
  origin: "https://www.example.com",
  apiOrigin: "https://app.example.com",
  hostedZoneId: "Z1",
  accountId: "111122223333",
  keyDeletionDays: 30,
  awaitReality: true,
  forceDestroy: false,
};

function build(changes: Partial<WorkloadFrontendArgs> & Pick<WorkloadFrontendArgs, "hosting">): Promise<Registered[]> {
  const outputs = {
    "aws:acm/certificate:Certificate": ({ domainName }: Record<string, unknown>) => ({
      domainValidationOptions: [
        { domainName, resourceRecordName: "_proof", resourceRecordType: "CNAME", resourceRecordValue: "_value" },
      ],
    }),
    "aws:s3/bucket:Bucket": () => ({ bucket: "files", bucketRegionalDomainName: "files.s3.example" }),
    "aws:cloudfront/distribution:Distribution": () => ({ domainName: "d1.cloudfront.net", hostedZoneId: "ZCDN" }),
  };
  return record({ types, outputs }, () => {
    const northVirginia = createProvider("aws-us-east-1", { region: "us-east-1", tags: {} });
    new WorkloadFrontend("web", { ...args, northVirginia, ...changes });
  });
}

describe("published by the platform (SA-11)", () => {
  test("TLS 1.2 or later under its own name, and plain HTTP only to be sent to it (SA-6)", async () => {
    const { inputs } = only(await build({ hosting: "static" }), "aws:cloudfront/distribution:Distribution");
    expect(inputs).toMatchObject({
      aliases: ["www.example.com"],
      viewerCertificate: { minimumProtocolVersion: "TLSv1.2_2021", sslSupportMethod: "sni-only" },
      defaultCacheBehavior: { viewerProtocolPolicy: "redirect-to-https", allowedMethods: ["GET", "HEAD"] },
      waitForDeployment: true,
    });
  });

  test("only distributions of the account read the bucket and use its key (SA-7)", async () => {
    const all = await build({ hosting: "static" });
    const policies = [
      only(all, "aws:s3/bucketPolicy:BucketPolicy").inputs.policy,
      only(all, "aws:kms/key:Key").inputs.policy,
    ];
    for (const policy of policies) {
      const allowed = statementsOf(policy).filter(s => JSON.stringify(s.Principal).includes("cloudfront"));
      expect(allowed).toHaveLength(1);
      expect(allowed[0]?.Condition).toEqual({
        StringEquals: { "aws:SourceAccount": "111122223333" },
        ArnLike: { "aws:SourceArn": "arn:aws:cloudfront::111122223333:distribution/*" },
      });
    }
    expect(only(all, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs.blockPublicPolicy).toBe(true);
    expect(only(all, "aws:cloudfront/originAccessControl:OriginAccessControl").inputs.signingBehavior).toBe("always");
  });

  test("the browser may call the API, and nobody else", async () => {
    const all = await build({ hosting: "static" });
    const { inputs } = only(all, "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy");
    expect(JSON.stringify(inputs)).toContain("connect-src 'self' https://app.example.com;");
  });

  test("its name leads to the distribution, over both protocols", async () => {
    const all = await build({ hosting: "static" });
    const records = all.filter(r => r.type === "aws:route53/record:Record" && r.inputs.name === "www.example.com");
    expect(records.map(r => r.inputs.type)).toEqual(["A", "AAAA"]);
    for (const { inputs } of records)
      expect(inputs.aliases).toEqual([{ name: "d1.cloudfront.net", zoneId: "ZCDN", evaluateTargetHealth: false }]);
  });

  test("without a zone, or a provider of us-east-1, it is refused", async () => {
    for (const missing of ["hostedZoneId", "northVirginia"] as const) {
      const refused = recordTypes(
        [],
        () =>
          new WorkloadFrontend("web", {
            ...args,
            hosting: "static",
            northVirginia: {} as pulumi.ProviderResource,
            [missing]: undefined,
          }),
      );
      await expect(refused).rejects.toThrow(`\`${missing}\` is missing`);
    }
  });
});

describe("published elsewhere", () => {
  test("its name leads to the publisher", async () => {
    const all = await build({ hosting: "external", target: "cname.vercel-dns.com" });
    expect(only(all, "aws:route53/record:Record").inputs).toEqual({
      zoneId: "Z1",
      name: "www.example.com",
      type: "CNAME",
      records: ["cname.vercel-dns.com"],
      ttl: 300,
    });
  });

  test("without a target nothing is made", async () => {
    const all = await build({ hosting: "external" });
    expect(all.filter(r => !r.type.startsWith("palisade:") && r.type !== "pulumi:providers:aws")).toEqual([]);
  });
});
