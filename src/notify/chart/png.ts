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
        log.warn({ reason: errorReason(error) }, 'a mail goes out without its chart: it cannot be drawn')
        return undefined
      }
    }
  } catch (error) {
    const fields = { reason: errorReason(error), help: 'npm install @resvg/resvg-js' }
    log.warn(
      fields,
      'mails go out without charts: the package that draws them is not there, or not made for this machine',
    )
    return undefined
  }
}

function errorReason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1).join('')
}
