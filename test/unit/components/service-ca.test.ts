import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import {
  ServiceCertificateAuthority,
  type ServiceCertificateAuthorityArgs,
} from "../../../src/components/aws/service-ca";
import { only } from "../record";
import { recordTypes, statementAbout, statementsOf } from "./samples";

const iamTypes = ["aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"];
const authorityTypes = [
  "aws:acmpca/certificate:Certificate",
  "aws:acmpca/certificateAuthority:CertificateAuthority",
  "aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate",
];
const args: ServiceCertificateAuthorityArgs = {
  region: "eu-central-1",
  accountId: "111122223333",
  secretsKeyArn: "arn:key/secrets",
};
const build = (types: string[], changes: Partial<ServiceCertificateAuthorityArgs>) =>
  recordTypes(types, () => new ServiceCertificateAuthority("services", { ...args, ...changes }));
const made = () => build([...iamTypes, ...authorityTypes], { commonName: "Sanctum services" });

test("an authority is made for short-lived certificates and signs itself", async () => {
  const registered = await made();
  expect(only(registered, "aws:acmpca/certificateAuthority:CertificateAuthority").inputs).toMatchObject({
    type: "ROOT",
    usageMode: "SHORT_LIVED_CERTIFICATE",
    permanentDeletionTimeInDays: 30,
    tags: { AmazonECSManaged: "true" },
  });
  expect(only(registered, "aws:acmpca/certificate:Certificate").inputs).toMatchObject({
    certificateAuthorityArn: "arn:aws:mock:::services",
    templateArn: "arn:aws:acm-pca:::template/RootCACertificate/V1",
    validity: { type: "YEARS", value: "10" },
  });
});

test("one that exists is used, and nothing is made", async () => {
  const registered = await build(iamTypes, { authorityArn: pulumi.output("arn:shared-authority") });
  const { policy } = only(registered, "aws:iam/rolePolicy:RolePolicy").inputs;
  expect(statementAbout("acm-pca:IssueCertificate", policy).Resource).toBe("arn:shared-authority");
});

test("ECS issues certificates of services from this authority only", async () => {
  const registered = await made();
  const [trust] = statementsOf(only(registered, "aws:iam/role:Role").inputs.assumeRolePolicy);
  expect(trust).toMatchObject({
    Principal: { Service: "ecs.amazonaws.com" },
    Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
  });
  const { policy } = only(registered, "aws:iam/rolePolicy:RolePolicy").inputs;
  expect(statementAbout("acm-pca:IssueCertificate", policy)).toMatchObject({
    Resource: "arn:aws:mock:::services",
    Condition: { StringEquals: { "acm-pca:TemplateArn": "arn:aws:acm-pca:::template/EndEntityCertificate/V1" } },
  });
  expect(statementAbout("secretsmanager:GetSecretValue", policy).Resource).toBe(
    "arn:aws:secretsmanager:eu-central-1:111122223333:secret:ecs-sc!*",
  );
  expect(statementsOf(policy).flatMap(({ Resource }) => Resource)).not.toContain("*");
});

test.each([{}, { commonName: "x", authorityArn: "arn:y" }])("%o is refused", async changes => {
  await expect(build(iamTypes, changes)).rejects.toThrow("`commonName` and `authorityArn`");
});
