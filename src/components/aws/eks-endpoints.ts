// AWS components: which services, names and registries of AWS an EKS cluster in a VPC without a way out needs. Pure data (SP-13, SA-9).

/** Services with an interface endpoint: nodes join by `ec2` and `eks`, pods get their identities by `eks-auth`. */
export const eksServices = ["ec2", "eks", "eks-auth", "elasticfilesystem", "monitoring", "sts"] as const;

/** Names besides those of all of AWS's services: the API server's, and that of pod identities. */
export function eksNames(region: string): string[] {
  return [`*.${region}.eks.amazonaws.com`, `eks-auth.${region}.api.aws`];
}

/** Account of AWS that hands out the images of EKS's add-ons, where it is not the one of most regions. */
const registryAccounts: Record<string, string> = {
  "af-south-1": "877085696533",
  "ap-east-1": "800184023465",
  "ap-south-2": "900889452093",
  "ap-southeast-3": "296578399912",
  "ap-southeast-4": "491585149902",
  "ca-west-1": "761377655185",
  "eu-central-2": "900612956339",
  "eu-south-1": "590381155156",
  "eu-south-2": "455263428931",
  "il-central-1": "066635153087",
  "me-central-1": "759879836304",
  "me-south-1": "558608220178",
};

/** Accounts whose registries the endpoints let nodes read, besides the stack's own. */
export function addonRegistries(region: string): string[] {
  return [registryAccounts[region] ?? "602401143452"];
}
