import * as z from 'zod';

/** VS Code's settings `http.*`, by their last names. What has another type than it should counts as not set, as it does for VS Code. */
export const networkSettingsSchema = z.object({
  proxy: z.string().trim().catch(''),
  proxyAuthorization: z.string().trim().nullable().catch(null),
  noProxy: z.array(z.string()).catch([]),
  proxySupport: z.enum(['off', 'on', 'fallback', 'override']).catch('override'),
  proxyStrictSSL: z.boolean().catch(true),
  systemCertificates: z.boolean().catch(true),
});
export type NetworkSettings = z.infer<typeof networkSettingsSchema>;

/** A proxy as it was written down, and the setting or variable that holds it, for messages. */
export interface ProxySetting {
  readonly text: string;
  readonly setting: string;
}

/** How connections are made. */
export interface NetworkRules {
  /** For plain http; straight to the host where absent. */
  readonly httpProxy?: ProxySetting;
  readonly httpsProxy?: ProxySetting;
  /** Hosts that are connected to straight: a name stands for its subdomains too, `name:port` for one port, `*` for all. */
  readonly noProxy: readonly string[];
  /** The value of the `Proxy-Authorization` header. */
  readonly proxyAuthorization?: string;
  /** Whether a certificate that nobody trusted signed ends the connection. */
  readonly verifyCertificates: boolean;
  /** Whether the authorities that the system trusts count too. */
  readonly systemCertificates: boolean;
}

/** What follows from the settings, and from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (in capitals or not) where those say nothing. */
export function networkRules(settings: NetworkSettings, environment: NodeJS.ProcessEnv): NetworkRules {
  const rules = {
    noProxy:
      settings.noProxy.length > 0
        ? settings.noProxy
        : (environment.no_proxy ?? environment.NO_PROXY ?? '').split(/[\s,]+/),
    ...(settings.proxyAuthorization ? { proxyAuthorization: settings.proxyAuthorization } : {}),
    verifyCertificates: settings.proxyStrictSSL,
    systemCertificates: settings.systemCertificates,
  };
  if (settings.proxySupport === 'off') return rules;
  const chosen = settings.proxy === '' ? undefined : { text: settings.proxy, setting: 'http.proxy' };
  const httpProxy = chosen ?? firstSet(environment, ['http_proxy', 'HTTP_PROXY']);
  const httpsProxy = chosen ?? firstSet(environment, ['https_proxy', 'HTTPS_PROXY']) ?? httpProxy;
  return { ...rules, ...(httpProxy ? { httpProxy } : {}), ...(httpsProxy ? { httpsProxy } : {}) };
}

/** The rules of a process without VS Code's settings. */
export function environmentRules(environment: NodeJS.ProcessEnv): NetworkRules {
  return networkRules(networkSettingsSchema.parse({}), environment);
}

function firstSet(environment: NodeJS.ProcessEnv, names: readonly string[]): ProxySetting | undefined {
  for (const setting of names) {
    const text = environment[setting]?.trim();
    if (text) return { text, setting };
  }
  return undefined;
}
