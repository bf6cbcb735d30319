#!/usr/bin/env node
'use strict'

// Starts stashwatch on a Node that can run it, whichever Node read this file. Where that one is too old, the nearest
// node_modules/.bin/node takes over (a checkout's `npm ci` puts one there), signals and the exit code pass through.
// The syntax is old on purpose: an old Node must be able to read this file in order to say what is wrong.

var childProcess = require('child_process')
var fs = require('fs')
var path = require('path')
var tty = require('tty')
var url = require('url')

var NEEDED = [24, 15]
var ENVIRONMENT_AT_FAULT = 2
var FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGINT']

var root = path.dirname(__dirname)

/** Says whether a version such as `24.21.0` or `v20.1.0` is new enough. */
function isNewEnough(version) {
  var parts = version.replace(/^v/, '').split('.').map(Number)
  return parts[0] > NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1])
}

/** In a checkout the sources, so that an old build never shadows them; in a package or an image the build. */
function findEntry() {
  var source = path.join(root, 'src', 'main.ts')
  var built = path.join(root, 'dist', 'main.js')
  // Node runs no TypeScript below a node_modules folder.
  var isInstalled = root.split(path.sep).indexOf('node_modules') !== -1
  if (!isInstalled && fs.existsSync(source)) return source
  return fs.existsSync(built) ? built : undefined
}

/** The nearest node_modules/.bin/node that is new enough, from this package's folder up to the root of the disk. */
function findNode() {
  for (var folder = root; ; folder = path.dirname(folder)) {
    var candidate = path.join(folder, 'node_modules', '.bin', 'node')
    if (fs.existsSync(candidate)) {
      var answer = childProcess.spawnSync(candidate, ['--version'], { encoding: 'utf8' })
      if (answer.status === 0 && isNewEnough(answer.stdout.trim())) return candidate
    }
    if (path.dirname(folder) === folder) return undefined
  }
}

function fail(sentence) {
  process.stderr.write('stashwatch: ' + sentence + '\n')
  process.exitCode = ENVIRONMENT_AT_FAULT
}

/** Ends this process as the child ended, by the same signal where it was one. */
function endLike(code, signal) {
  if (signal === null) {
    process.exitCode = code
    return
  }
  FORWARDED.forEach(function (name) {
    process.removeAllListeners(name)
  })
  process.kill(process.pid, signal)
}

function handOver(node, entry) {
  var child = childProcess.spawn(node, [entry].concat(process.argv.slice(2)), { stdio: 'inherit' })
  FORWARDED.forEach(function (name) {
    process.on(name, function () {
      // Ctrl-C in a terminal reaches the child without us; twice would mean "at once".
      if (name === 'SIGINT' && tty.isatty(0)) return
      child.kill(name)
    })
  })
  child.on('error', function (error) {
    fail('could not start ' + node + ' (' + error.message + '); reinstall with `npm ci` and try again.')
  })
  child.on('exit', endLike)
}

function launch() {
  var entry = findEntry()
  if (entry === undefined) {
    fail(
      'neither src/main.ts nor dist/main.js is in ' + root + '; run `npm run build` there, or reinstall the package.',
    )
    return
  }
  if (isNewEnough(process.versions.node)) {
    process.argv[1] = entry
    import(url.pathToFileURL(entry).href).catch(function (error) {
      // What the service expects to go wrong it says itself; this is a defect, and its stack helps to mend it.
      process.stderr.write(String((error && error.stack) || error) + '\n')
      process.exitCode = ENVIRONMENT_AT_FAULT
    })
    return
  }
  var node = findNode()
  if (node === undefined) {
    fail(
      'needs Node ' +
        NEEDED.join('.') +
        ' or newer, and this is ' +
        process.versions.node +
        ' with no newer one in node_modules/.bin; install Node 24 (https://nodejs.org), or run `npm ci` in a checkout.',
    )
    return
  }
  handOver(node, entry)
}

launch()
