/**
 * The messages in the middle: what every handler takes and gives, whichever server is in front. Plain objects, because
 * loading the global Request and Response costs a cold function 20 to 60 ms (performance.md).
 */
export interface HttpRequest {
  readonly method: string;
  /** Decoded by nobody: as sent, without query. */
  readonly path: string;
  /** Values of the route's `{names}`, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Names in lower case; repeated headers joined with `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body's bytes as sent; signatures are over these. */
  readonly body: Uint8Array;
  readonly sourceIp: string;
  readonly requestId: string;
  /** Scheme, host and prefix clients reach us under, without a final slash: links start with it. */
  readonly baseUrl: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Who calls, once the key was checked. */
export interface Principal {
  readonly keyId: string;
  readonly ownerId: number;
  readonly scopes: ReadonlySet<Scope>;
  /** Names of the projects it may see; null is all. */
  readonly projects: ReadonlySet<string> | null;
  /** Plans it may see; null is all of its projects. */
  readonly planIds: ReadonlySet<number> | null;
  /** How many of its runs may go on at once; absent is any number. */
  readonly parallelLimit?: number;
}

export const scopes = [
  'PLAN_VIEW',
  'PLAN_EDIT',
  'PLAN_RUN',
  'RUN_STOP',
  'RESULT_WRITE',
  'SCHEDULE_EDIT',
  'WEBHOOK_ADMIN',
  'KEY_ADMIN',
] as const;
export type Scope = (typeof scopes)[number];

/** A handler of one route, behind the shared entry: the key is checked and has the route's scope. */
export type Handler = (request: HttpRequest, principal: Principal) => Promise<HttpResponse>;
