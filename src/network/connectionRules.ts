import * as z from 'zod';

/** VS Code's `http.*` settings, without the prefix. Like in VS Code, a value of the wrong type counts as not set. */
export const networkSettingsSchema = z.object({
  proxy: z.string().trim().catch(''),
  proxyAuthorization: z.string().trim().nullable().catch(null),
  noProxy: z.array(z.string()).catch([]),
  proxySupport: z.enum(['off', 'on', 'fallback', 'override']).catch('override'),
  proxyStrictSSL: z.boolean().catch(true),
  systemCertificates: z.boolean().catch(true),
});
export type NetworkSettings = z.infer<typeof networkSettingsSchema>;

/** A proxy as the user wrote it, with the name of the setting or variable for messages. */
export interface ProxySetting {
  readonly text: string;
  readonly setting: string;
}

/** How connections are made. */
export interface NetworkRules {
  /** For plain http. Without one, connections are direct. */
  readonly httpProxy?: ProxySetting;
  readonly httpsProxy?: ProxySetting;
  /** Hosts to connect to directly. A name includes its subdomains, `name:port` is one port, `*` is every host. */
  readonly noProxy: readonly string[];
  /** The value of the `Proxy-Authorization` header. */
  readonly proxyAuthorization?: string;
  /** Whether a certificate from an unknown authority fails the connection. */
  readonly verifyCertificates: boolean;
  /** Whether to trust the system's authorities too. */
  readonly systemCertificates: boolean;
}

/** The rules from the settings. `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (upper or lower case) fill in what isn't set. */
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

/** The rules outside VS Code. */
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
