#!/usr/bin/env bash
# Builds the Dockerfile, unchanged, and runs the image as a cluster would, without a container engine and without
# downloading an image: Debian's packages and the Node of this checkout stand in for the two base images.
#
#   npm run check:image        as root, on Debian or a relative of it, in a checkout that has seen `npm ci`
#
# It needs a Debian mirror (DEBIAN_MIRROR, else debootstrap's own choice), npm's registry as npm is configured here, two
# to five minutes, and 3 GB below TMPDIR, which it gives back. Where buildah or debootstrap is missing it says so and
# installs them with apt-get; they stay. Everything is mounted, run and killed in namespaces of its own.
# Exit code 0: all held. 1: the image is at fault. 2: this machine cannot tell.
#
# What it cannot show is that the true base images are what their stand-ins are; the last line says so again.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly here image=localhost/stashwatch:check
# The releases of Debian that the names of the two base images speak of.
readonly build_release=bookworm run_release=trixie run_name=debian13
# What a distroless Node image has from Debian, besides certificates.
readonly libraries='libc6 libgcc-s1 libgomp1 libssl3t64 libstdc++6 libzstd1 zlib1g'
readonly run_packages="base-files gcc-14-base $libraries media-types netbase tzdata"
readonly service=http://127.0.0.1:8080
# The configuration that is tried is that of deploy/kubernetes, mounted where it is mounted there.
readonly mounts=/etc/stashwatch

unable() {
  printf 'check-image: %s\n' "$1" >&2
  exit 2
}

# expect WHAT WANTED FOUND: goes on only where both are the same.
expect() {
  if [ "$2" = "$3" ]; then
    printf 'ok    %s\n' "$1"
  else
    printf 'FAILED: %s\n  wanted: %s\n  found:  %s\n' "$1" "$2" "$3" >&2
    exit 1
  fi
}

# A store of images of its own, so that nothing is left in the machine's.
buildah() {
  command buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run" "$@"
}

# Git holds a checkout of another user for dangerous when root asks.
git() {
  command git -C "$here" -c safe.directory='*' "$@"
}

# What the image's settings say; a template of Go, as `buildah inspect` takes it.
setting() {
  buildah inspect --type image --format "{{with .Docker.Config}}$1{{end}}" "$image"
}

# ------------------------------------------------------------------------------------------------ tools, stand-in bases

prepare() {
  [ "$(id -u)" -eq 0 ] || unable 'must be root, for debootstrap and mounts; try `sudo npm run check:image`'
  local missing=() tool
  for tool in buildah debootstrap; do type -P "$tool" >/dev/null || missing+=("$tool"); done
  if [ "${#missing[@]}" -gt 0 ]; then
    type -P apt-get >/dev/null || unable "${missing[*]} missing; install and try again"
    echo "== apt-get install ${missing[*]}"
    apt-get update --quiet=2
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" >/dev/null
  fi
  for tool in curl dpkg-deb git ip npm node setpriv unshare; do
    type -P "$tool" >/dev/null || unable "$tool is missing; install it and try again"
  done
  [ "$(node -p 'process.versions.node.split(".")[0]')" = "$major" ] ||
    unable "node in PATH is $(node --version), the Dockerfile's is $major; run \`npm ci\`, then \`npm run check:image\`"
  [[ ${bases[0]} = *-"$build_release"-* && ${bases[1]} = *-"$run_name":* ]] ||
    unable "the Dockerfile's base images (${bases[*]}) are no longer those that this script knows how to stand in for"
}

bootstrap() {
  debootstrap --variant=minbase "$@" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$work/debootstrap.log" && return
  tail -n 5 "$work/debootstrap.log" >&2
  unable 'debootstrap failed'
}

# Debian's smallest system, Node and npm, where the official image has them.
stand_in_for_building() {
  local container root npm
  container=$(buildah from scratch)
  root=$(buildah mount "$container")
  bootstrap "$build_release" "$root"
  rm -rf "$root/var/cache/apt/archives" "$root/var/lib/apt/lists"
  npm=$(dirname "$(dirname "$(readlink -f "$(type -P npm)")")")
  [ -d "$npm/node_modules" ] || unable "the npm in PATH ($npm) is no complete one, as nodejs.org packs it"
  mkdir -p "$root/usr/local/lib/node_modules"
  cp "$(node -p process.execPath)" "$root/usr/local/bin/node"
  cp -r "$npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  # The registry, and the certificates that this machine trusts, which the build gets mounted.
  buildah config --env npm_config_registry="$(npm config get registry 2>/dev/null)" \
    --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt --cmd node "$container"
  buildah commit --quiet --rm "$container" "${bases[0]}" >/dev/null
}

# Debian's libraries, Node, and the account 65532, without a shell or anything else that runs: as distroless does it.
stand_in_for_running() {
  local container root name archives=$work/packages/var/cache/apt/archives
  bootstrap --download-only --include="${run_packages// /,},ca-certificates" "$run_release" "$work/packages"
  container=$(buildah from scratch)
  root=$(buildah mount "$container")
  mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/nodejs/bin "$root"/etc/ssl/certs "$root"/home
  for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
  for name in $run_packages; do dpkg-deb --extract "$archives/$name"_*.deb "$root"; done
  dpkg-deb --extract "$archives"/ca-certificates_*.deb "$work/certificates"
  cat "$work"/certificates/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
  printf '%s:/sbin/nologin\n' root:x:0:0:root:/root nonroot:x:65532:65532:nonroot:/home/nonroot >"$root/etc/passwd"
  printf '%s:\n' root:x:0 nonroot:x:65532 >"$root/etc/group"
  install --directory --mode=0700 --owner=65532 --group=65532 "$root/home/nonroot"
  install --directory --mode=1777 "$root/tmp"
  cp "$(node -p process.execPath)" "$root/nodejs/bin/node"
  buildah config --user 65532 --workingdir /home/nonroot --entrypoint '["/nodejs/bin/node"]' \
    --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt "$container"
  buildah commit --quiet "$container" "${bases[1]}" >/dev/null
  ln -s "$root" "$work/base"
}

# ------------------------------------------------------------------------------------------ the build, and what it gave

build() {
  local since=$SECONDS
  stand_in_for_building
  stand_in_for_running
  echo "== stand-ins for ${bases[*]}: $((SECONDS - since)) s"
  since=$SECONDS
  # Docker's format, because the other one has no HEALTHCHECK.
  buildah bud --isolation chroot --format docker --pull-never --volume /etc/ssl/certs:/etc/ssl/certs:ro \
    --build-arg REVISION="$(git rev-parse HEAD)" --tag "$image" "$here" >"$work/build.log" 2>&1 ||
    expect 'the Dockerfile builds' '' "$(tail -n 30 "$work/build.log")"
  echo "== the Dockerfile: $((SECONDS - since)) s"
  ln -s "$(buildah mount "$(buildah from --pull-never "$image")")" "$work/root"
}

settings_are_right() {
  local version label='index .Labels "org.opencontainers.image'
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$here/package.json")
  expect 'user, port, volume' '65532:65532 map[8080/tcp:{}] map[/data:{}]' \
    "$(setting '{{.User}} {{.ExposedPorts}} {{.Volumes}}')"
  expect 'entry point and command' \
    "[/nodejs/bin/node /app/bin/stashwatch.cjs] [start --config $mounts/config/stashwatch.yaml]" \
    "$(setting '{{.Entrypoint}} {{.Cmd}}')"
  expect 'health check, in exec form' 'CMD 30s 5s 30s 3' "$(setting '{{with .Healthcheck}}{{index .Test 0}}
    {{- " "}}{{.Interval}} {{.Timeout}} {{.StartPeriod}} {{.Retries}}{{end}}')"
  expect 'labels' "stashwatch Apache-2.0 $version $(git rev-parse HEAD)" \
    "$(setting "{{$label.title\"}} {{$label.licenses\"}} {{$label.version\"}} {{$label.revision\"}}")"
}

# The packages of the lock file that are not for developers. A link in it leads to a folder that developers need.
locked_packages() {
  node --input-type=commonjs --eval '
    const { packages } = require(process.argv[1])
    for (const [path, entry] of Object.entries(packages))
      if (path !== "" && !entry.dev && !entry.link) console.log(path)
  ' "$here/package-lock.json" | sort
}

installed_packages() {
  (cd "$work/root/app" && find node_modules -name package.json -printf '%h\n') |
    grep -E '(^|/)node_modules/(@[^/]+/)?[^/@]+$' | sort
}

# The top folders in which the image differs from its base, those with a minus that lack something.
changed_folders() {
  diff <(cd "$work/base/" && find . | sort) <(cd "$work/root/" && find . | sort) |
    sed -n 's/^< \.\(\/[^/]*\).*/-\1/p; s/^> \.\(\/[^/]*\).*/\1/p' | sort -u | paste -sd' '
}

contents_are_right() {
  local app=$work/root/app
  expect 'its base, /app and /data, nothing else' '/app /data' "$(changed_folders)"
  expect 'what is in /app' 'CHANGELOG.md LICENSE bin dist examples fonts node_modules package.json schemas' \
    "$(LC_ALL=C ls -A "$app" | paste -sd' ')"
  expect 'packages: the production ones of the lock file, neither more nor fewer' \
    "$(locked_packages)" "$(installed_packages)"
  expect 'no @local/node, no TypeScript of ours, no native code, no link that leads nowhere' '' \
    "$(find "$app" -path '*/@local*' -o -path '*/node-linux-*' -o -path "$app/dist/*.ts" -o -name '*.node' -o -xtype l)"
  expect 'nothing in /app is writable by the service, nothing is set-uid' '' \
    "$(find "$app" ! -type l \( -uid 65532 -o -gid 65532 -o -perm /7022 \))"
  expect "/data is the service's own, and empty" '65532:65532 0' \
    "$(stat --format %u:%g "$app/../data") $(find "$app/../data" -mindepth 1 | wc -l)"
  echo "== $(size .) MB, of which Node $(size nodejs) MB, /app $(size app) MB: its packages $(size app/node_modules) MB"
}

size() {
  du --summarize --block-size=1M "$work/root/$1" | cut -f1
}

# ----------------------------------------------------------------------------------------------------------- running it

# The image's root, read-only, with what a cluster mounts; the volume begins as the image's own /data.
mount_everything() {
  local name
  mkdir -p "$root$mounts"/{config,secrets} "$root"/{proc,dev} "$work"/{config,secrets}
  cp -a "$root/data" "$work/data"
  cp "$here/deploy/kubernetes/stashwatch.yaml" "$work/config/"
  for name in logstash-a api smtp; do printf '%s' "$name-$RANDOM$RANDOM$RANDOM" >"$work/secrets/$name"; done
  chown 0:65532 "$work"/secrets/*
  chmod 0440 "$work"/secrets/*
  mount --bind "$root" "$root"
  mount --bind "$work/data" "$root/data"
  for name in config secrets; do mount --bind --options ro "$work/$name" "$root$mounts/$name"; done
  mount --types tmpfs tmpfs "$root/dev"
  for name in null zero random urandom; do
    : >"$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
  done
  mount --options remount,bind,ro "$root"
}

# Becomes a command in the image as a container engine runs it: with the image's environment and folder, as nobody and
# as process 1, with no privileges to gain.
enter() {
  exec env --ignore-environment "${environment[@]}" setpriv --no-new-privs unshare --mount --pid --fork --kill-child \
    --mount-proc --root="$root" --wd="$folder" --setgid "${user#*:}" --setuid "${user%:*}" -- "$@"
}

# The exit code of a command in the image; what it printed is told only where it failed.
status_of() {
  local status=0
  (enter "$@") >"$work/command.log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || cat "$work/command.log" >&2
  echo "$status"
}

start() {
  local waited=0
  (enter "${entry[@]}" "${command[@]}") >>"$work/service.log" 2>&1 &
  engine=$!
  until curl --silent --fail --output /dev/null "$service/-/ready"; do
    waited=$((waited + 1))
    [ "$waited" -lt 300 ] && kill -0 "$engine" || expect 'it is ready within 30 s' '' "$(tail "$work/service.log")"
    sleep 0.1
  done
  process=$(tr -d ' ' <"/proc/$engine/task/$engine/children")
}

stop() {
  local status=0 since
  since=$(date +%s%3N)
  kill -TERM "$process"
  wait "$engine" || status=$?
  expect "SIGTERM ends it in order ($(($(date +%s%3N) - since)) ms)" '0 "msg":"stopped"' \
    "$status $(tail -n 1 "$work/service.log" | grep --only-matching '"msg":.*"')"
}

# post TOKEN: the answer to one event of now, and its status.
post() {
  local at
  at=$(date --utc --date "@$now" +%FT%TZ)
  curl --silent --write-out ' %{http_code}' --header "Authorization: Bearer $1" \
    --header 'Content-Type: application/json' "$service/events" \
    --data "[{\"@timestamp\":\"$at\",\"host\":{\"name\":\"node01\",\"cpu\":{\"usage\":0.42}}}]"
}

# How many samples the service holds of that event.
counted() {
  local range="from=$((now / 10 * 10000))&to=$((now / 10 * 10000 + 10000))"
  curl --silent --header "Authorization: Bearer $(cat "$work/secrets/api")" \
    "$service/api/v1/aggregate?host=node01&metric=cpu&$range" | grep --only-matching '"count":[0-9]*'
}

run() {
  local now root user folder environment entry command check
  root=$(readlink "$work/root")
  user=$(setting '{{.User}}')
  folder=$(setting '{{.WorkingDir}}')
  mapfile -t environment < <(setting '{{range .Env}}{{.}}{{"\n"}}{{end}}' | grep .)
  mapfile -t entry < <(setting '{{range .Entrypoint}}{{.}}{{"\n"}}{{end}}' | grep .)
  mapfile -t command < <(setting '{{range .Cmd}}{{.}}{{"\n"}}{{end}}' | grep .)
  mapfile -t check < <(setting '{{range .Healthcheck.Test}}{{.}}{{"\n"}}{{end}}' | grep . | tail -n +2)
  ip link set lo up
  mount_everything
  now=$(date +%s)

  echo "== it runs: $(enter "${entry[0]}" --version), read-only, without a network, as process 1"
  expect 'check takes the configuration' 0 "$(status_of "${entry[@]}" check --config "$mounts/config/stashwatch.yaml")"
  start
  expect 'nobody, no capability, nothing to gain' '65532 65532 0000000000000000 1' \
    "$(awk '/^([UG]id|CapEff|NoNewPrivs)/ { print $2 }' "/proc/$process/status" | paste -sd' ')"
  expect 'the health check says well' 0 "$(status_of "${check[@]}")"
  expect 'a wrong token is refused' 401 "$(post wrong | tail -c 3)"
  expect 'a posted event is taken' '{"accepted":1,"rejected":0,"errors":[]} 200' \
    "$(post "$(cat "$work/secrets/logstash-a")")"
  expect 'and counted' '"count":1' "$(counted)"
  stop
  expect 'the health check says ill when nothing answers' 1 "$(status_of "${check[@]}")"
  start
  expect 'a second start on the same volume remembers' '"count":1' "$(counted)"
  stop
  expect 'what it wrote to its volume is its own' '65532:65532' "$(find "$work/data" -printf '%U:%G\n' | sort -u)"
}

# ----------------------------------------------------------------------------------------------------------- all of it

major=$(sed -n 's/^ARG NODE_MAJOR=//p' "$here/Dockerfile")
# The base images by the names that the Dockerfile has for them, the one that builds first.
mapfile -t bases < <(sed -n "s/\${NODE_MAJOR}/$major/; s/^FROM \([^ ]*:[^ ]*\).*/\1/p" "$here/Dockerfile")

if [ "${1:-}" = --inside ]; then
  work=$3
  export TMPDIR=$work/tmp
  "$2"
  exit
fi

# Runs one of the functions above in namespaces of its own: its mounts and processes end with it, however it ends.
apart() {
  unshare --mount --pid --fork --kill-child --mount-proc "${@:2}" "${BASH_SOURCE[0]}" --inside "$1" "$work" &
  part=$!
  wait "$part"
}

clean_up() {
  [ -z "$part" ] || kill -KILL "$part" 2>/dev/null || true
  wait
  rm --recursive --force --one-file-system "$work"
}

prepare
part=
work=$(mktemp --directory)
trap clean_up EXIT
trap 'exit 130' INT TERM
mkdir "$work/tmp"
changed=$(git status --porcelain | wc -l)
echo "== image of $(git rev-parse --short HEAD)$([ "$changed" -eq 0 ] || echo " and $changed uncommitted changes")"
apart build
apart settings_are_right
apart contents_are_right
apart run --net
echo "== all held in $SECONDS s, on stand-ins: pull ${bases[*]} and run the image once where a registry is at hand"
