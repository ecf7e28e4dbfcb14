/** What the endpoint rules of an SDK client are asked. */
interface Parameters {
  readonly Region?: string;
  /** Of the client's configuration, or of AWS_ENDPOINT_URL and its variants for one service. */
  readonly Endpoint?: string;
  readonly UseFIPS?: boolean;
  readonly UseDualStack?: boolean;
}

/** Domains of the partitions by how their regions begin; every other region is of the standard partition. */
const domains: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['us-isof-', 'csp.hci.ic.gov'],
];

/**
 * Stands in for the endpoint rules of an SDK client, 8 to 15 kB of a bundle: the standard endpoint of a service in a region, or
 * the one that was configured. Throws where FIPS or dual-stack endpoints are asked for, which the rules would know.
 */
export function createEndpointResolver(host: string) {
  return ({ Region, Endpoint, UseFIPS, UseDualStack }: Parameters) => {
    if (UseFIPS || UseDualStack) {
      throw new Error(`FIPS and dual-stack endpoints are not in the bundle: set AWS_ENDPOINT_URL_… for ${host}`);
    }
    if (Endpoint === undefined && !Region) throw new Error('the region is missing');
    return {
      url: new URL(Endpoint ?? `https://${host}.${Region}.${domainOf(Region ?? '')}`),
      properties: {},
      headers: {},
    };
  };
}

function domainOf(region: string): string {
  return domains.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com';
}
