import * as z from 'zod';
import { parseJson } from '../../storage/json.ts';

/** What is left in the account. */
export interface WalletBalance {
  readonly amount: number;
  /** As the service names it, such as `USD`; may be empty. */
  readonly currency: string;
}

const balanceSchema = z
  .object({
    status: z.string().regex(/^success$/i),
    data: z.object({
      balance: z.union([
        z.number(),
        z
          .string()
          .trim()
          .regex(/^-?\d+(\.\d+)?$/)
          .transform(Number),
      ]),
      currency: z
        .string()
        .trim()
        .max(8)
        .regex(/^\p{L}*$/u)
        .catch(''),
    }),
  })
  .transform(({ data }): WalletBalance => ({ amount: data.balance, currency: data.currency }));

/** Parses the body of a balance response; undefined if it contains no balance. */
export function parseWalletBalance(body: string): WalletBalance | undefined {
  return balanceSchema.safeParse(parseJson(body)).data;
}
