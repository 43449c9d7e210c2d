// Config: the AWS regions a stack may stand in, with the letters of their availability zones. Data only.

/** A region that is missing here is added by one line; zones that AWS closed to new accounts stay out. */
const zoneLetters = {
  "af-south-1": "abc",
  "ap-east-1": "abc",
  "ap-northeast-1": "acd",
  "ap-northeast-2": "abcd",
  "ap-northeast-3": "abc",
  "ap-south-1": "abc",
  "ap-south-2": "abc",
  "ap-southeast-1": "abc",
  "ap-southeast-2": "abc",
  "ap-southeast-3": "abc",
  "ap-southeast-4": "abc",
  "ca-central-1": "abd",
  "ca-west-1": "abc",
  "eu-central-1": "abc",
  "eu-central-2": "abc",
  "eu-north-1": "abc",
  "eu-south-1": "abc",
  "eu-south-2": "abc",
  "eu-west-1": "abc",
  "eu-west-2": "abc",
  "eu-west-3": "abc",
  "il-central-1": "abc",
  "me-central-1": "abc",
  "me-south-1": "abc",
  "sa-east-1": "abc",
  "us-east-1": "abcdef",
  "us-east-2": "abc",
  "us-west-1": "abc",
  "us-west-2": "abcd",
} as const;

export type Region = keyof typeof zoneLetters;

export const regionNames = Object.keys(zoneLetters) as [Region, ...Region[]];

/** Availability zones of a region, such as `eu-central-1a`; none for a region that is not in the table. */
export function zonesOf(region: string): string[] {
  const letters = Object.entries(zoneLetters).find(([name]) => name === region)?.[1] ?? "";
  return [...letters].map(letter => `${region}${letter}`);
}
