/** The models of every mix: both sides name them, so that their graphs are the same. */
export const adapter = { checkpoint: 'sd_xl_base_1.0.safetensors', preset: 'PLUS (high strength)' };
