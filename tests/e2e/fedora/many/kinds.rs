//! A package of each kind.

use super::{Place, Sub};

pub(super) fn settings(place: &Place) -> Sub {
    let name = place.name();
    Sub::default()
        .file("%config(noreplace)", &format!("/etc/many/{name}.conf"), "a = 1")
        .file("%config", &format!("/etc/many/{name}.other"), "b = 2")
        .file("%config(missingok)", &format!("/etc/many/{name}.maybe"), "c = 3")
        .file("%doc", &format!("/usr/share/doc/{name}/README"), "read me")
        .file("%license", &format!("/usr/share/licenses/{name}/LICENSE"), "do what you like")
        .file("%lang(de)", &format!("/usr/share/locale/de/LC_MESSAGES/{name}.mo"), "de")
        .file("%attr(0755,root,root)", &format!("/usr/bin/{name}"), "#!/bin/sh")
}

pub(super) fn lua(place: &Place) -> Sub {
    Sub::default()
        .script("%pretrans -n NAME -p <lua>", place.say_in_lua("pretrans"))
        .script("%pre -n NAME -p <lua>", place.say_in_lua("pre"))
        .script("%post -n NAME -p <lua>", place.say_in_lua("post"))
        .script("%posttrans -n NAME -p <lua>", "posix.mkdir('/var/lib/lua'); posix.symlink('many', '/var/lib/lua-' .. arg[2])".to_owned())
        .file("", &format!("{}/lua", place.directory()), "lua")
}

pub(super) fn capabilities(place: &Place) -> Sub {
    let file = |sub: Sub, name: &str, capabilities: &str| {
        sub.file(&format!("%caps({capabilities})"), &format!("{}/{name}", place.directory()), name)
    };
    let sub = file(Sub::default(), "raw", "cap_net_raw=ep");
    file(file(sub, "two", "cap_net_bind_service,cap_sys_admin=ei"), "permitted", "cap_dac_override=p").says("Requires(pre): basesystem")
}

pub(super) fn hard_links(place: &Place) -> Sub {
    let directory = place.directory();
    Sub::default()
        .make(format!("mkdir -p .{directory}/below; head -c 5000 /dev/zero | tr '\\0' x > .{directory}/one"))
        .make(format!("ln .{directory}/one .{directory}/two; ln .{directory}/one .{directory}/below/three; : > .{directory}/none; ln .{directory}/none .{directory}/nothing"))
        .has(&directory)
}

pub(super) fn ghosts(place: &Place) -> Sub {
    let name = place.name();
    Sub::default()
        .make(format!("mkdir -p ./var/log ./var/lib/{name}.d ./etc/many; : > ./var/log/{name}.log; : > ./etc/many/{name}.made"))
        .has(format!("%ghost /var/log/{name}.log\n%ghost %attr(0600,root,root) %config(noreplace) /etc/many/{name}.made\n%ghost %dir /var/lib/{name}.d"))
        .file("", &format!("{}/kept", place.directory()), "kept")
}

pub(super) fn sparse(place: &Place) -> Sub {
    let file = format!("{}/sparse", place.directory());
    let text = format!(
        "mkdir -p .{0}; truncate -s 3M .{file}; printf middle | dd of=.{file} bs=1M seek=1 conv=notrunc status=none",
        place.directory()
    );
    Sub::default().make(text).has(file)
}

pub(super) fn rich(place: &Place) -> Sub {
    Sub::default()
        .says(format!("Requires: ({} or many-nowhere)", place.other(lua)))
        .says(format!("Requires: ({} if basesystem)", place.other(sparse)))
        .says(format!("Requires: (many-nowhere if many-nothing else {})", place.other(links)))
        .says(format!("Requires: (({0} with {0} < 9) and {1})", place.other(modes), place.other(names)))
        .says(format!("Requires: ({} without many-nowhere)", place.other(shared)))
        .says(format!("Conflicts: ({} and many-nowhere)", place.other(lua)))
        .says("Recommends: (many-weak if basesystem)")
}

pub(super) fn obsoletes(place: &Place) -> Sub {
    Sub::default().says("Obsoletes: many-gone < 2, many-old <= 1-1").says(format!("Provides: many-gone-{} = 2", place.family)).file(
        "",
        &format!("{}/new", place.directory()),
        "new",
    )
}

pub(super) fn files_of_others(place: &Place) -> Sub {
    let Place { family, .. } = place;
    // The second only the complete lists of files have.
    Sub::default().says(format!("Requires: /usr/bin/{}, /usr/share/many/many{family}-5/sparse", place.other(settings)))
}

pub(super) fn triggers(place: &Place) -> Sub {
    Sub::default()
        .says(format!("Requires: {}", place.other(scripts)))
        .script(&format!("%triggerin -n NAME -- {}", place.other(scripts)), place.say("triggerin $2"))
        .script(
            &format!("%triggerin -n NAME -p <lua> -- {}, {} < 5", place.other(links), place.other(settings)),
            place.say_in_lua("trigger"),
        )
        .script("%triggerin -n NAME -- many-nowhere", "exit 1".to_owned())
}

pub(super) fn scripts(place: &Place) -> Sub {
    let sections = ["%pre", "%post", "%posttrans", "%preun", "%postun"];
    let sub = sections.iter().fold(Sub::default(), |sub, section| sub.script(&format!("{section} -n NAME"), place.say(&section[1..])));
    sub.script("%pretrans -n NAME -p <lua>", place.say_in_lua("pretrans")).says(format!(
        "Requires(pre): basesystem, {}\nRequires(post): {}",
        place.other(settings),
        place.other(sparse)
    ))
}

pub(super) fn file_triggers(place: &Place) -> Sub {
    let read = format!("while read -r name; do echo $name >> /var/lib/said-{}; done", place.name());
    let Place { family, .. } = place;
    Sub::default()
        .says("Requires: busybox-init")
        .script(&format!("%transfiletriggerin -n NAME -- /usr/share/many/many{family}-1"), read)
        .script("%transfiletriggerin -n NAME -P 2000 -p <lua> -- /etc/many", place.say_in_lua("transaction"))
        .file("", &format!("{}/trigger", place.directory()), "trigger")
}

pub(super) fn links(place: &Place) -> Sub {
    let directory = place.directory();
    Sub::default()
        .make(format!("mkdir -p .{directory}/real; cd .{directory}; ln -s real to-directory; ln -s /nowhere/at/all dangling; ln -s ../{0}/real/file up; printf x > real/file; cd - > /dev/null", place.name()))
        .has(&directory)
}

pub(super) fn modes(place: &Place) -> Sub {
    let directory = place.directory();
    let modes = ["4755", "2755", "0600", "0444", "6711", "0000"];
    let sub = modes
        .iter()
        .fold(Sub::default(), |sub, mode| sub.file(&format!("%attr({mode},root,root)"), &format!("{directory}/of-{mode}"), mode));
    sub.make(format!("mkdir -p .{directory}/sticky .{directory}/shared"))
        .has(format!("%dir %attr(1777,root,root) {directory}/sticky\n%dir %attr(2775,root,bin) {directory}/shared\n%dir %attr(0700,root,root) {directory}"))
}

pub(super) fn names(place: &Place) -> Sub {
    let directory = place.directory();
    let all = ["with space", "ümläut-文字", "plus+comma,semi;colon", "-dash", ".hidden", "a=b@c"].map(str::to_owned);
    let all = all.into_iter().chain(["x".repeat(200), "y/".repeat(30) + "deep"]);
    all.fold(Sub::default(), |sub, name| sub.file("", &format!("{directory}/{name}"), "")).has(format!("%dir {directory}"))
}

pub(super) fn shared(place: &Place) -> Sub {
    // All families have the same file, and the directory.
    Sub::default()
        .make("mkdir -p ./usr/share/many/common; printf same > ./usr/share/many/common/file")
        .has("%dir /usr/share/many/common\n/usr/share/many/common/file")
        .says(format!("Provides: many-shared = {}", place.family))
}

pub(super) fn weak(place: &Place) -> Sub {
    Sub::default()
        .says("Recommends: many-weak\nSuggests: many-weak\nConflicts: many-weak < 0.5\nConflicts: many-nowhere")
        .says(format!("Enhances: {}\nSupplements: many-nowhere", place.other(lua)))
}

pub(super) fn role(place: &Place) -> Sub {
    Sub::default().says("Requires: many-role").says(format!("Requires: many-role >= {}", place.family % 3))
}

pub(super) fn versioned(place: &Place) -> Sub {
    let name = place.name();
    Sub::default().says("Version: 2.0~rc1^git1").says(format!("Requires: many-twice > 1.0~rc1, {name} = 2.0~rc1^git1-1, many-shared >= 1"))
}

pub(super) fn large(place: &Place) -> Sub {
    let directory = place.directory();
    Sub::default()
        .make(format!("for d in 1 2 3 4 5; do mkdir -p .{directory}/$d/$d; for f in 1 2 3 4 5 6 7 8 9; do seq $d $((d * f * 40)) > .{directory}/$d/$d/$f; done; done"))
        .has(&directory)
}
