import { hostAndPort, hostsAndPorts, hostVariables, readConfig } from '@moa/kit';
import type { z } from 'zod';

export const variables = {
  ...hostVariables,
  /** Where HTTP is served, to Envoy only. */
  HTTP_LISTEN: hostAndPort(),
  AUTH_ADDRESS: hostsAndPorts(),
  PAYMENT_ADDRESS: hostsAndPorts(),
};

export type GatewayConfig = z.infer<z.ZodObject<typeof variables>>;

export const readGatewayConfig = (): GatewayConfig => readConfig(variables, process.env);
