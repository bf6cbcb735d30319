/**
 * The style sheets of mails: the light one, and the changes in dark mode. They are separate because some mail programs
 * drop a whole sheet with a media query that they do not support.
 */

const FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

export const LIGHT = `
.page{background-color:#f3f4f6}
.around{padding:24px 12px}
.card{background-color:#fff;border-radius:6px;overflow:hidden;border-collapse:separate}
.top{border-radius:6px 6px 0 0}
.inside{padding:24px 28px 22px;font-family:${FONT};font-size:16px;line-height:1.5;color:#1f2733}
.inside{overflow-wrap:anywhere;word-break:break-word}
p{margin:0 0 14px}
.status{margin:0 0 4px;font-size:13px;line-height:1.4;font-weight:700}
h1{margin:0 0 18px;font-size:21px;line-height:1.3;font-weight:700;color:#111827}
h2{margin:22px 0 6px;font-size:15px;font-weight:700;color:#111827}
.meter{margin:0 0 20px;border-radius:4px;overflow:hidden}
.facts{margin:4px 0 16px;border-top:1px solid #e4e7ec}
.facts td{padding:7px 0;border-bottom:1px solid #e4e7ec;vertical-align:top;font-size:15px;line-height:1.45}
.facts .label{width:96px;padding-right:14px;color:#5d6776}
.rows{margin:4px 0 16px}
.rows td{padding:8px 0 8px 12px;border-bottom:1px solid #e4e7ec;vertical-align:top;font-size:15px;line-height:1.45}
.rows .mark{padding:0;border-bottom:1px solid #fff}
.buttons{margin:2px 0 20px}
.chart{margin:6px 0 16px;color:#5d6776;font-size:13px;line-height:1.4}
.bars{margin:0 0 10px}
.bars td{padding:5px 0;border-bottom:1px solid #e4e7ec;vertical-align:top;font-size:15px;line-height:1.4}
.bars .scale{width:26%;padding:11px 0 0 12px}
.bars .figure{width:34%;padding-left:12px;text-align:right}
.bars .bar td{padding:0;border:0}
.one{white-space:nowrap}
.dim{color:#5d6776;font-size:13px}
.kind{font-size:13px;font-weight:700}
.note{padding:10px 12px;background-color:#f3f4f6;border-radius:4px;font-size:15px}
ul{margin:0 0 18px;padding:0 0 0 20px;font-size:15px}
li{margin:0 0 6px}
code{font-size:13px}
a{color:#1d5fa8}
.foot{margin:20px 0 0;padding-top:14px;border-top:1px solid #e4e7ec;color:#5d6776;font-size:13px}
.status.critical,.kind.critical{color:#b3261e}
.status.warning,.kind.warning{color:#9a5b00}
.status.good,.kind.good{color:#1b7a43}
.status.calm{color:#44566c}
td.critical{background-color:#c5352c}
td.warning{background-color:#d98a14}
td.good{background-color:#2b9a59}
td.calm{background-color:#6b7f97}
td.till{background-color:#b9c2ce}
td.full{background-color:#5b7fa6}
td.short{background-color:#d6e9dd}
td.left{background-color:#e9ecf0}
@media (max-width:480px){
.around{padding:0}
.inside{padding:20px 18px}
.card,.top{border-radius:0}
.facts .label{width:92px}
.bars .scale{width:18%}
.bars .figure{width:43%}
}
`

export const DARK = `
@media (prefers-color-scheme:dark){
.page{background-color:#12151a}
.card{background-color:#1c2128}
.inside{color:#dde3ea}
h1,h2{color:#f2f5f8}
.facts,.facts td,.rows td,.bars td,.foot{border-color:#343b45}
.facts .label,.dim,.foot,.chart{color:#9aa5b3}
.rows .mark{border-color:#1c2128}
.note{background-color:#262d36}
a{color:#79b4f2}
.status.critical,.kind.critical{color:#ff8a80}
.status.warning,.kind.warning{color:#f5b95c}
.status.good,.kind.good{color:#6fd39a}
.status.calm{color:#a9bacd}
td.till{background-color:#566171}
td.full{background-color:#6f97c2}
td.short{background-color:#2f4a3b}
td.left{background-color:#2d343e}
}
`
