# In place of OpenWrt's /lib/functions.sh: what the control scripts of a package
# with one service ask for.

# default_postinst SCRIPT ...: enables the service, but for an upgrade, and starts it
default_postinst() {
    for service in $(grep '^/etc/init.d/' "${1%.*}.list"); do
        [ "$PKG_UPGRADE" = 1 ] || "$service" enable
        "$service" start
    done
}

# default_prerm SCRIPT ...: disables the service, but for an upgrade, and stops it
default_prerm() {
    for service in $(grep '^/etc/init.d/' "${1%.*}.list"); do
        [ "$PKG_UPGRADE" = 1 ] || "$service" disable
        "$service" stop
    done
}
