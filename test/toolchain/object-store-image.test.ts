// The object-store image, asked by Amazon's own SDK: versions, accounts, and policies that hold (CP-11, CP-12).
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { run } from "../../toolchain/run";
import { freePort } from "../../toolchain/sandbox";
import { ensureToolchain } from "../../toolchain/toolchain";
import { thirdPartyImages } from "../images/third-party";
import { makeAuthority, makeCertificate } from "./certificates";
import { type Contained, type UnpackedImage, unpackImage } from "./contained";

let image: UnpackedImage;
const directory = mkdtempSync(join(tmpdir(), "palisade-store-"));
beforeAll(async () => {
  image = await unpackImage((await thirdPartyImages(["object-store"]))["object-store"].layout);
}, 900_000);
afterAll(() => {
  image.remove();
  rmSync(directory, { recursive: true });
});

const started: Contained[] = [];
afterEach(async () => {
  for (const store of started.splice(0)) await store.kill();
});

const uid = 1000;
const secretOf = (access: string) => `${access}-secret-of-the-tests`;
const setup = "/usr/local/bin/object-store-setup";

const policy = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { AWS: ["author"] },
      Action: ["s3:PutObject", "s3:GetObject"],
      Resource: "arn:aws:s3:::content/scripts/*",
    },
    {
      Effect: "Allow",
      Principal: { AWS: ["gate"] },
      Action: ["s3:GetObject", "s3:GetObjectVersion"],
      Resource: "arn:aws:s3:::content/scripts/*",
    },
    {
      Effect: "Allow",
      Principal: { AWS: ["gate"] },
      Action: ["s3:ListBucket", "s3:ListBucketVersions"],
      Resource: "arn:aws:s3:::content",
    },
  ],
};

test("it keeps versions, and lets each account do what the bucket's policy says", async () => {
  const { python } = (await ensureToolchain()).localAws;
  chmodSync(directory, 0o755);
  await makeAuthority(directory);
  await makeCertificate(directory, "store");
  mkdirSync(join(directory, "data"));
  chownSync(join(directory, "data"), uid, uid);
  const accounts = ["author", "gate", "stranger"].map(access => ({ access, secret: secretOf(access) }));
  writeFileSync(join(directory, "accounts.json"), JSON.stringify(accounts));
  writeFileSync(join(directory, "buckets.json"), JSON.stringify([{ name: "content", versioning: true, policy }]));
  const volumes = { "/data": join(directory, "data"), "/mnt": directory };

  const once = async (command: string[], environment: Record<string, string> = {}) => {
    const { ended, output } = image.start({ command, environment, volumes, memory: ["/tmp"] });
    return { code: await ended, output: output() };
  };
  expect(await once([setup, "prepare", "/data", "/mnt/accounts.json"])).toEqual({ code: 0, output: "" });

  const port = await freePort();
  const root = { access: "root", secret: "root-secret-of-the-tests" };
  const serve = () => {
    const store = image.start({
      environment: {
        ROOT_ACCESS_KEY: root.access,
        ROOT_SECRET_KEY: root.secret,
        VGW_PORT: `127.0.0.1:${port}`,
        VGW_CERT: "/mnt/store.crt",
        VGW_KEY: "/mnt/store.key",
        VGW_REGION: "eu-central-1",
      },
      volumes,
      memory: ["/tmp"],
    });
    started.push(store);
    return store;
  };
  const store = serve();
  const endpoint = `https://localhost:${port}`;
  const asRoot = {
    AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${port}`,
    AWS_CA_BUNDLE: "/mnt/ca.pem",
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: root.access,
    AWS_SECRET_ACCESS_KEY: root.secret,
    OBJECT_STORE_PATIENCE: "60",
  };
  for (let i = 0; i < 2; i++)
    expect(await once([setup, "buckets", "/mnt/buckets.json"], asRoot)).toEqual({
      code: 0,
      output: "bucket content is as it should be\n",
    });

  const ask = async () => {
    const script = join(__dirname, "fixtures", "ask_object_store.py");
    const { stdout, stderr } = await run(python, [script, endpoint, join(directory, "ca.pem")]);
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  expect(await ask()).toEqual({
    keys: ["scripts/a b.txt"],
    versions: true,
    first: "one",
    "gate writes": "AccessDenied",
    "author elsewhere": "AccessDenied",
    "stranger reads": "AccessDenied",
    "wrong secret": "InvalidAccessKeyId",
  });
  expect(store.output()).not.toContain(root.secret);

  // What was written is there after a kill.
  await store.kill();
  started.length = 0;
  serve();
  expect((await once([setup, "buckets", "/mnt/buckets.json"], asRoot)).code).toBe(0);
  const again = (await ask()) as { versions: boolean };
  expect(again.versions).toBe(false);
});
