import DKIM from 'nodemailer/lib/dkim'
import type { DkimKey } from '../../model.ts'

/**
 * Signs a mail with each key. The signature carries no time and RSA needs no chance, so equal bytes are signed equally.
 *
 * @param bytes a whole MIME message. @param keys checked when the configuration was read. @returns the signed message.
 */
export async function signMail(bytes: Uint8Array, keys: readonly DkimKey[]): Promise<Uint8Array> {
  if (keys.length === 0) return bytes
  const signer = new DKIM({
    keys: keys.map(({ domain, selector, key }) => ({ domainName: domain, keySelector: selector, privateKey: key })),
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of signer.sign(Buffer.from(bytes))) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
