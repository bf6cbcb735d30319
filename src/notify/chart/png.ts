import { fileURLToPath } from 'node:url'
import type { Log } from '../../model.ts'
import type { DrawPng } from './index.ts'

const FONT = fileURLToPath(new URL('../../../fonts/DejaVuSansCondensed-Latin.ttf', import.meta.url))
/** Pixels per unit of the drawing: sharp on a phone without large files. */
const ZOOM = 1.6

/**
 * Loads the renderer. It is an optional package with native code that does not exist for all platforms. Without it
 * mails have no images, which is logged once.
 */
export async function openPngRenderer(log: Log): Promise<DrawPng | undefined> {
  try {
    const { Resvg } = await import('@resvg/resvg-js')
    const font = { fontFiles: [FONT], loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans Condensed' }
    return (svg) => {
      try {
        return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: ZOOM } }).render().asPng()
      } catch (error) {
        log.warn({ reason: errorReason(error) }, 'a mail is sent without its chart: rendering failed')
        return undefined
      }
    }
  } catch (error) {
    const fields = { reason: errorReason(error), help: 'npm install @resvg/resvg-js' }
    log.warn(fields, 'mails are sent without charts: the renderer is not installed, or not available for this platform')
    return undefined
  }
}

function errorReason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1).join('')
}
